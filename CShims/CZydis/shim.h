// SPDX-License-Identifier: Apache-2.0
// libZydis, the disassembler, as Swift sees it.
#pragma once
#include <Zydis/Zydis.h>
