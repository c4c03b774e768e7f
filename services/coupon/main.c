#include "services/coupon/coupon.h"

int main(int argc, char **argv)
{
    return service_main(argc, argv, &coupon_spec);
}
