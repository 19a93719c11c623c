# What the reference level links beside fmt, each one imported target from its pkg-config file: PkgConfig::CRYPTOPP and PkgConfig::ZSTD.
# Installed beside CofferConfig.cmake.
include(FindPackageHandleStandardArgs)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(CRYPTOPP QUIET IMPORTED_TARGET GLOBAL libcrypto++)
  pkg_check_modules(ZSTD QUIET IMPORTED_TARGET GLOBAL libzstd)
endif()
find_package_handle_standard_args(CofferLibraries REQUIRED_VARS PkgConfig_FOUND CRYPTOPP_FOUND ZSTD_FOUND
  REASON_FAILURE_MESSAGE "Install pkgconf, libcrypto++-dev and libzstd-dev.")
