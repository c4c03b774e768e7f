#include "services/identity/identity.h"

int main(int argc, char **argv)
{
    return service_main(argc, argv, &identity_spec);
}
