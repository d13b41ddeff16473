# Flags of every target, gathered in one interface library.
add_library(maske_flags INTERFACE)
target_compile_options(maske_flags INTERFACE
    -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wpointer-arith -Wformat=2 -Werror=format-security
    -Wvla -Werror=implicit-function-declaration -Werror=return-type
    # No -ffast-math: results must not depend on the compiler's mood. These two change no result.
    -fno-math-errno -fno-trapping-math
    # One rounding a written operation: a fused multiply-add only where the code asks for it.
    -ffp-contract=off)
target_compile_definitions(maske_flags INTERFACE _GNU_SOURCE)
target_link_libraries(maske_flags INTERFACE m)

if(MASKE_WERROR)
    target_compile_options(maske_flags INTERFACE -Werror)
endif()
if(MASKE_FUZZ)
    # Every part tells the fuzzer which way it went; the targets alone bring the fuzzer's main.
    target_compile_options(maske_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(maske_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(MASKE_SANITIZE)
    target_compile_options(maske_flags INTERFACE -fsanitize=${MASKE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(maske_flags INTERFACE -fsanitize=${MASKE_SANITIZE})
else()
    include(cmake/hardening.cmake)
endif()
# Release keeps assertions out and line tables in (perf, gdb, stack traces of users).
set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG -g1")
