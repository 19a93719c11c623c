# Everything comes from installed packages; nothing is downloaded.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CofferLibraries REQUIRED)
find_package(CofferSystemC REQUIRED)
