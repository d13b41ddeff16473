# What maske stands on (Debian 12 packages in setup.sh), gathered in one interface library.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(JANSSON    REQUIRED IMPORTED_TARGET jansson>=2.14)
pkg_check_modules(UTF8PROC   REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(ONIGURUMA  REQUIRED IMPORTED_TARGET oniguruma>=6.9)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)            # has no .pc file in Debian 12
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(LIBLZMA    REQUIRED IMPORTED_TARGET liblzma)

add_library(maske_dependencies INTERFACE)
target_link_libraries(maske_dependencies INTERFACE
    Threads::Threads PkgConfig::JANSSON PkgConfig::UTF8PROC PkgConfig::ONIGURUMA ZLIB::ZLIB BZip2::BZip2
    PkgConfig::LIBARCHIVE PkgConfig::LIBLZMA m)
