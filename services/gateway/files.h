/* files.h: the static files of the web pages.
 *
 * All are read at start, so that a request touches no file system and a path can
 * lead nowhere but to a name found then. NAME.br and NAME.gz beside NAME are its
 * compressed forms. Each form has a strong ETag from its SHA-256.
 *
 * A file under assets/ whose name has a content hash never changes and may be
 * kept for a year; all others are asked for again each time. A page of the
 * application inside the browser (HTML is accepted, no dot in the last segment,
 * not under /v1/) gets the nearest index.html. */
#pragma once
#include "services/gateway/http/http.h"

struct files;

/* Reads a folder with its subfolders; names that begin with a dot and symbolic
 * links are left out. At most LIMIT_FILES files and LIMIT_FILES_SIZE bytes. NULL
 * after logging why. */
struct files *files_load(const char *folder);
void files_free(struct files *files);

/* Answers a GET or HEAD if a file is meant; otherwise returns false and leaves the
 * request to the caller. The files must outlive the server. */
bool files_serve(const struct files *files, struct http_request *request);
