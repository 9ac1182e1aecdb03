// SPDX-License-Identifier: Apache-2.0
// SwiftPM wants one translation unit per C target; including the header here also checks its static assertions.
#include "CPotterWire.h"
#include "pp_access.h"
#include "pp_heap_access.h"
