/* crypt_vectors.h: a key made for the tests with OpenSSL, and what OpenSSL made with it (RSASSA-PKCS1-v1_5, SHA-256).
 */
#pragma once

static const char private_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQCb/l5+MKNRd/2O\n"
                                  "7nfzxXySrvLU78WSWU4QvDUegEexB/zoAoU8Mq4EO1jxzrke/L7AREhXzFTET7RB\n"
                                  "GGwJsbLnyBwQUUhZ0oNL10Nd3t5xwUXdmbL2MVR7XmZksfmsazK2PAEWmkShmWHb\n"
                                  "DYbDextHIHz+24xYCUjBtTOBtiOsbGbcJkEhoBGLHwyDb0uKV5hz2yOF1ek2rs3B\n"
                                  "80+D9oKXH5Mmcf3BNjeujsvNh10o/xppO6KoqHGFse/uD7G0ax/7zqO3ROH4zfa9\n"
                                  "whiyfasGcE/RaUOj/uOUFokcuHuCXAD9XFQLQ/d0038EwsNK7vsWlmlEG1rzW7jp\n"
                                  "fGtRNMAbAgMBAAECggEADQZqHRmc5sELnsMiU0GdULbN7OIRD6gS9h/DmbE2tefy\n"
                                  "V0Gv8/emrbtyMPfvX3sqxu1h/alrNzG73dGXDR+AI41Ya95gRFZpAyH4FzRJmPBS\n"
                                  "j+8fpnc2VCTCN6HgCeRbiXmCJ8EoKOF17m9MiNxUdJXDChlf4xFHY3E+BJR7mbpu\n"
                                  "s4ZWfYFWxJtTZCoAMMONOPPnyxobw7hk8zkrD2Zqy63vi5gMQhBOZUHj4h4npVxa\n"
                                  "xm1cIc8n8Ko0c6FoLh/enEIA/mbU3ngP92JRbg2NdajE5N3gecmUSLvaiL0VnPbt\n"
                                  "gUbhlT/qGoSxnShmoAM7EP7GnW4pUu34hZyr6+gaHQKBgQDPkr/Al5cAfm3wgXoR\n"
                                  "HGtMyHynIx7ch8+JDMZNT9MbqWI9gWxgBTaM9q8BBvDFPIGQb4LB2TxluJYc+In5\n"
                                  "mqWCbuv/VtPAASMNFsxLfRn4h8m8eWbPAwaDPHCarR5lQQweK3B7QMaXd/ydW5VJ\n"
                                  "qCcgtgF4Gq4C1i/kU/wAJNuxPQKBgQDAYwsC0cKxgdx8AVTXnuyBud2W4yr/Z6uE\n"
                                  "8SUizMQq8QrhkZxa9pEnU9Uqe+QRapt9ItxeE8fgLWkuRx/6CekSudpvhmnyXjum\n"
                                  "7XyTAH7EmOp+Nxvpl5p5K0jOgrT2YuhVxRe6MHWfr0ywQAyu5MYSVXR8UklHYJQQ\n"
                                  "PDdv1QscNwKBgQCG3lzE8Dnm0j7wo9ACSirVqvaDSmiE9aE89RXrqdALCxWPzQXz\n"
                                  "pa96C9ZNnorWPKgahrm45kM9/J9cl4heq8KaayPftjTDbnmtyYBYFCLJvsCvO1o3\n"
                                  "a0nR/3VSquUy+P68o5DkJIRkakuymoz3XNB/ioKN3RfvM+fOPVthZJFyKQKBgQCS\n"
                                  "IChS4eQRU2OWxKQeilV1Syll2/HiwGlktozQW9t8Ck2Lez/ZT4J87o3wkN1v5Rto\n"
                                  "9ruOsVOVkKhdQCSnlDN1x7iEEQIT10NTzPpb5Xpj9QnXCCCpUj9AXYIVaO3uXr29\n"
                                  "t9AH2ZrdyRZkoKGBjb5sWn/5lb6W+mI72qD4zkZ8DQKBgQCd3K5uSaPG+aLRYXpR\n"
                                  "rB59kJHGZRKhDFfkGdbOV3GNdDV39pVROsfI/QmC08WUFNmMPuc9RakLQK6UJHqt\n"
                                  "9hJ9vYPiljCzlN1eJ3RzD+pw5mla7O225SW4cM6VOwT9SAUhkAptfMqRWxHCNW9u\n"
                                  "M0fiVkh0+akqdoD5cttHL8sydA==\n"
                                  "-----END PRIVATE KEY-----\n";
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                                 "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAm/5efjCjUXf9ju5388V8\n"
                                 "kq7y1O/FkllOELw1HoBHsQf86AKFPDKuBDtY8c65Hvy+wERIV8xUxE+0QRhsCbGy\n"
                                 "58gcEFFIWdKDS9dDXd7eccFF3Zmy9jFUe15mZLH5rGsytjwBFppEoZlh2w2Gw3sb\n"
                                 "RyB8/tuMWAlIwbUzgbYjrGxm3CZBIaARix8Mg29LileYc9sjhdXpNq7NwfNPg/aC\n"
                                 "lx+TJnH9wTY3ro7LzYddKP8aaTuiqKhxhbHv7g+xtGsf+86jt0Th+M32vcIYsn2r\n"
                                 "BnBP0WlDo/7jlBaJHLh7glwA/VxUC0P3dNN/BMLDSu77FpZpRBta81u46XxrUTTA\n"
                                 "GwIDAQAB\n"
                                 "-----END PUBLIC KEY-----\n";
static const char certificate_pem[] = "-----BEGIN CERTIFICATE-----\n"
                                      "MIIDPzCCAiegAwIBAgIUXSKwSiJx3d579EfcGJs7/Dh2164wDQYJKoZIhvcNAQEL\n"
                                      "BQAwLzETMBEGA1UECgwKVGVucGF5LmNvbTEYMBYGA1UEAwwPVGVucGF5LmNvbSBz\n"
                                      "aWduMB4XDTI2MTEyNzA4NTcyOFoXDTMxMTEyNjA4NTcyOFowLzETMBEGA1UECgwK\n"
                                      "VGVucGF5LmNvbTEYMBYGA1UEAwwPVGVucGF5LmNvbSBzaWduMIIBIjANBgkqhkiG\n"
                                      "9w0BAQEFAAOCAQ8AMIIBCgKCAQEAm/5efjCjUXf9ju5388V8kq7y1O/FkllOELw1\n"
                                      "HoBHsQf86AKFPDKuBDtY8c65Hvy+wERIV8xUxE+0QRhsCbGy58gcEFFIWdKDS9dD\n"
                                      "Xd7eccFF3Zmy9jFUe15mZLH5rGsytjwBFppEoZlh2w2Gw3sbRyB8/tuMWAlIwbUz\n"
                                      "gbYjrGxm3CZBIaARix8Mg29LileYc9sjhdXpNq7NwfNPg/aClx+TJnH9wTY3ro7L\n"
                                      "zYddKP8aaTuiqKhxhbHv7g+xtGsf+86jt0Th+M32vcIYsn2rBnBP0WlDo/7jlBaJ\n"
                                      "HLh7glwA/VxUC0P3dNN/BMLDSu77FpZpRBta81u46XxrUTTAGwIDAQABo1MwUTAd\n"
                                      "BgNVHQ4EFgQUjI2P4Xywo0zRBgJm+JYfzRgQVT0wHwYDVR0jBBgwFoAUjI2P4Xyw\n"
                                      "o0zRBgJm+JYfzRgQVT0wDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOC\n"
                                      "AQEAczr8RDhDrEGk8XQXKoDvZPVsAiS8dmp/PfjwfLSAfVViwuGQ0yS/KUbYie54\n"
                                      "/iNrrsVlJV8n/k+iyGb+rpJ/jCCHx9Md9oVhSl6mcUzcngdc+0bc7Kzmj8sD/DFB\n"
                                      "9LsCZz/UHdbQG2+sHUI3MegjKgSpO6zdqsEiwHj/HwbW5+Gs0RcTIgagw/lNuCaV\n"
                                      "PAx7TOWajSjFBu/P28cPQZtsSuhrsXsWO+5pS81Qi6xZ0Az8fC6dkaXo4gheYglp\n"
                                      "dB2Nm3fDumcbTOgRahrrtTlyySEejAdU6OEVkU0RwHg9A+xF8SDGkAHfa60wBeAR\n"
                                      "fUPt7kyqZkF7o+ou5BtomPM1oA==\n"
                                      "-----END CERTIFICATE-----\n";
static const char certificate_serial[] = "5D22B04A2271DDDE7BF447DC189B3BFC3876D7AE";
static const char signed_text[] = "GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n";
static const char request_signature[] =
    "e1mXWWB57eLOzXvrIN5M0Z67fn2OO04aQa+yhWJLkEOhIpHGbe3S33u01VAiTeGRf0kMuyi9CbV0NSeiCf3JS2bQ9ZMOKRN8l/sQ"
    "3qnN/82qiBWT/QZC+bXDNCx4b/lYw2lKvaSZH4ntMvrLY1Y7FEZQS3zYp+hhcV/1JgGmF8gCChEb6zDMiEVUNIzpRvWJni5QCmtP"
    "59xl6sVIm/ELzJV+3kfJY6n2m7PcNA6mJ6tOrgN8vijsrTmRQWdjjHrfxb6qH3GQ/Lm9iRNrvmNG+Bfq/MwDuTfLPXiVY0HUVJmM"
    "CEOleK0/CICM+74D9ea3bh+8Xa5SfNyqhkwyGluulg==";
static const char proven_body[] = "{\"code\":\"SUCCESS\",\"name\":\"王\"}";
static const char proven_signature[] =
    "Bd7Ns2K82dy/l39sj3wGki4bcWY7mdJG5ihwyEVNkV0RyYu0BXlvArgmDNgEpb2qexa5hKkMMPH6J40nqHWGYUhc2oyvazs1Ei4o"
    "62Ftz0ZIBKBMa4cRRMSycdykXz2PhnXSUkw/DINg5ROhxiVGfHkixa3ibFKBHFRoK3ud7McqHT2MyRxyfjOYn+TLjjY/bKmePZZO"
    "+mCdSH/Xnw/X0z+ogKqi0jP8xTKBYmx7jSuC+hrdKVIDp2V2Z/fh4N2q507+PInfj2ztYy5ye0RFieLuSGYVlBXU/BJwPzfhMoKC"
    "gWnPBrx7FAm+htXs2D//DYEs4e87BSVkTE5iN4ACzg==";
