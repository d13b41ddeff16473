/* cli/main.c: placeholder until the commands land. */
#include "maske.h"
#include <stdio.h>
int main(void) { puts(maske_version()); return 0; }
