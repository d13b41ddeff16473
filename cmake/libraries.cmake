# What maske stands on (Debian 12 packages in setup.sh), gathered in one interface library.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
pkg_check_modules(JANSSON    REQUIRED IMPORTED_TARGET jansson>=2.12)
pkg_check_modules(UTF8PROC   REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(ONIGURUMA  REQUIRED IMPORTED_TARGET oniguruma>=6.9)
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.h REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)

add_library(maske_dependencies INTERFACE)
target_include_directories(maske_dependencies SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
target_link_libraries(maske_dependencies INTERFACE
    OpenMP::OpenMP_C PkgConfig::JANSSON PkgConfig::UTF8PROC PkgConfig::ONIGURUMA PkgConfig::LIBARCHIVE ${DNNL_LIBRARY} m)
