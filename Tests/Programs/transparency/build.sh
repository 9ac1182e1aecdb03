# Builds what is not one file, one program: called by Scripts/check-transparency in its temporary directory, $1 = here.
set -e
mkdir -p plugins
gcc -shared -fPIC -o plugins/libplugin.so "$1/runpath_plugin.c"
gcc -shared -fPIC -o libcaller.so "$1/runpath_caller.c" -Wl,-rpath,'$ORIGIN/plugins'
gcc -o runpath "$1/runpath_program.c" ./libcaller.so
