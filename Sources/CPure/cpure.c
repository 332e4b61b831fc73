/* Header-only module. */
#include "cpure.h"
