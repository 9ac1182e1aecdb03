// SPDX-License-Identifier: Apache-2.0
#include "pp_unwind.h"
