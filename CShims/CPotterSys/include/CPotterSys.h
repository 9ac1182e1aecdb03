// SPDX-License-Identifier: Apache-2.0
// System calls that Swift cannot make by itself.
#pragma once
