// SPDX-License-Identifier: Apache-2.0
// What tests and the preload libraries see of the recorder. Nothing in Sources/ may import this: see
// Docs/Architecture.md.
#pragma once
#include "pp_unwind.h"
