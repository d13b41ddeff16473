# What makes a mistake in the program an end rather than an opening; the OpenSSF compiler hardening guide's list. Each is
# probed, since compilers and linkers may lack it. The sanitizers bring their own, so this file is not for them.
# tests/check_hardening.sh reads the finished program.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)

# The last two are one thing on x86 and on 64-bit ARM. With -Werror: clang takes what it has no use for, with a warning.
set(CMAKE_REQUIRED_FLAGS -Werror)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "MASKE_HAS${flag}" has)
    check_c_compiler_flag(${flag} ${has})
    if(${has})
        target_compile_options(maske_flags INTERFACE ${flag})
    endif()
endforeach()
unset(CMAKE_REQUIRED_FLAGS)

# Checked copies and prints. Level 3 also knows sizes that are known at run time alone; a library too old for it warns.
# They come with optimisation only.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set(probe "#include <stdio.h>\n#include <string.h>\nint main(int n, char **v) { char b[8]; return snprintf(b, sizeof b, \"%s\", v[n - 1]); }")
    set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
    check_c_source_compiles("${probe}" MASKE_HAS_FORTIFY_3)
    unset(CMAKE_REQUIRED_FLAGS)
    set(fortify 2)
    if(MASKE_HAS_FORTIFY_3)
        set(fortify 3)
    endif()
    target_compile_options(maske_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${fortify})
endif()

# The program lies at another address each time; its tables of other libraries' functions are filled at the start and
# read-only from then on; no data can be run.
foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
    string(MAKE_C_IDENTIFIER "MASKE_HAS${flag}" has)
    check_linker_flag(C ${flag} ${has})
    if(${has})
        target_link_options(maske_flags INTERFACE ${flag})
    endif()
endforeach()
check_linker_flag(C -pie MASKE_HAS_PIE)
if(MASKE_HAS_PIE)
    target_link_options(maske_flags INTERFACE $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
endif()
