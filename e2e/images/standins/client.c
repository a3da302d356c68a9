// client SECONDS ADDRESS PORT: exit 0 where the connection is taken within that time, else 1.
#include <stdlib.h>

#include "net.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return connectTo(argv[2], atoi(argv[3]), atoi(argv[1])) >= 0 ? 0 : 1;
}
