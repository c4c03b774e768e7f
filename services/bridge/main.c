#include "services/bridge/bridge.h"

int main(int argc, char **argv)
{
    return service_main(argc, argv, &bridge_spec);
}
