// SPDX-License-Identifier: Apache-2.0
// part of runpath.sh: the plug-in
const char *plugin_name(void) { return "the plug-in"; }
