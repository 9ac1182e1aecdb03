// SPDX-License-Identifier: Apache-2.0
// plugin_host.c as a library, called by a program that has no RUNPATH for the plug-ins.
int host_main(int argc, char **argv);
int main(int argc, char **argv) { return host_main(argc, argv); }
