# dlopen("name") by a library whose RUNPATH decides what that finds; $ORIGIN; RTLD_NEXT; RTLD_NOLOAD.
./runpath
