/* Header-only module. */
#include "clinux.h"
