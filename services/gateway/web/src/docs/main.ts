// Every operation of the gateway, as its document tells it; tried out against this gateway.
import bundle from 'swagger-ui-dist/swagger-ui-bundle.js?url'; // as its makers pack it
import 'swagger-ui-dist/swagger-ui.css';
import '../../public/tokens.css';
import '../shared/look';
import './docs.css';

declare const SwaggerUIBundle: (options: Record<string, unknown>) => unknown;

const script = document.createElement('script');
script.src = bundle;
script.onload = () => SwaggerUIBundle({ url: '/v1/openapi.json', domNode: document.getElementById('operations'), docExpansion: 'none', filter: true, deepLinking: true, validatorUrl: null });
document.head.append(script);
