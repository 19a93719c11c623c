#include "platform/input_files.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "common/errors.h"
#include "platform/quantities.h"

namespace coffer {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view preset_extension = ".yaml";
constexpr std::string_view trace_extension = ".trace";

/// Folders of what ships with the program, those of the installation first.
std::vector<fs::path> shipped(const char* installed, const char* source) {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    std::vector<fs::path> folders;
    if (!error) folders.push_back(program.parent_path().parent_path() / "share" / "coffer" / installed);
    folders.push_back(fs::path(COFFER_SOURCE_DIR) / source);
    return folders;
}

bool is_file(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

/// Names without extension of the files in the folders, sorted.
std::string names_in(const std::vector<fs::path>& folders, std::string_view extension) {
    std::vector<std::string> names;
    for (const fs::path& folder : folders) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(folder, error))
            if (entry.path().extension() == extension) names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return fmt::format("{}", fmt::join(names, ", "));
}

/// `name`, with the extension or without, in the first folder that has it; empty where none does.
fs::path find_in(const std::vector<fs::path>& folders, const std::string& name, std::string_view extension) {
    for (const fs::path& folder : folders)
        for (const fs::path& file : {folder / name, folder / (name + std::string(extension))})
            if (is_file(file)) return file;
    return {};
}

}  // namespace

fs::path find_configuration(const std::string& name) {
    const std::vector<fs::path> folders = shipped("presets", "models/platform/presets");
    // A preset's name has no folder and no extension, so that it cannot hide a file.
    if (name.find('/') == std::string::npos && name.find('.') == std::string::npos) {
        const fs::path preset = find_in(folders, name, preset_extension);
        if (!preset.empty()) return preset;
    }
    if (is_file(name)) return name;
    throw InputError(in_quotes(name), "no such preset or file", fmt::format("a YAML file, or a preset: {}", names_in(folders, preset_extension)));
}

fs::path find_trace(std::string_view where, const std::string& name, const fs::path& folder) {
    const std::vector<fs::path> folders = shipped("traces", "vectors/traces");
    if (is_file(folder / name)) return folder / name;
    const fs::path found = find_in(folders, name, trace_extension);
    if (!found.empty()) return found;
    throw InputError(where, fmt::format("no trace {}", in_quotes(name)), fmt::format("a file, or one of: {}", names_in(folders, trace_extension)));
}

std::string read_configuration_file(const fs::path& file) {
    constexpr std::size_t most = std::size_t{1} << 20;
    std::ifstream stream(file, std::ios::binary);
    std::string text(most + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad() || (!stream.eof() && stream.fail())) throw InputError(file.string(), "the file cannot be read");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > most) throw InputError(file.string(), "the file is too large for a configuration", "at most 1 MiB");
    return text;
}

}  // namespace coffer
