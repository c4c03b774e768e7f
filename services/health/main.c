#include "services/health/health.h"

int main(int argc, char **argv)
{
    return service_main(argc, argv, &health_spec);
}
