// SPDX-License-Identifier: Apache-2.0
// stdin: closed
// The first descriptor that such a program opens is 0.
#include "common.h"
#include <fcntl.h>

int main(void) {
    printf("descriptor 0: %d %s\n", fcntl(0, F_GETFD), strerror(errno));
    burn(0.05);
    printf("opened %d\n", open("/dev/null", O_RDONLY));
    fflush(stdout);
    return system("exit 3") == 3 << 8 ? 0 : 1;
}
