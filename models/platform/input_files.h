#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace coffer {

/// The file of the preset `name`, or `name` itself where it names a file. Presets are looked for in `share/coffer/presets` of the
/// installation and in `models/platform/presets` of the source tree. Throws InputError, which lists the presets, where there is neither.
std::filesystem::path find_configuration(const std::string& name);

/// The file of a trace: `name` as a path, from `folder` if it is relative, or a trace in `share/coffer/traces` of the
/// installation or `vectors/traces` of the source tree, where the extension may be left out. Throws InputError, naming `where`.
std::filesystem::path find_trace(std::string_view where, const std::string& name, const std::filesystem::path& folder);

/// The whole text of a file. Throws InputError for a file that cannot be read or is larger than 1 MiB, which no configuration is.
std::string read_configuration_file(const std::filesystem::path& file);

}  // namespace coffer
