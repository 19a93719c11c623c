#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/bytes.h"

namespace coffer {

/// The files that a run leaves in a folder: none before all are there, so that a run that fails writes nothing.
class OutputFolder {
public:
    /// Gives a file's bytes, piece by piece, to the function that it is called with.
    using Content = std::function<void(const std::function<void(ByteView)>& write)>;

    /// The folder may be missing, where its parent is there. Throws InputError where no file could be created in it.
    explicit OutputFolder(const std::filesystem::path& folder);

    /// To be written by `commit`.
    void add(std::string name, Content content) { files_.emplace_back(std::move(name), std::move(content)); }
    void add(std::string name, std::string text);

    /// Writes all files beside their names, then renames them. Throws std::system_error where the machine fails; what was there before is
    /// then untouched, unless renaming fails.
    void commit();

private:
    std::filesystem::path folder_;
    std::vector<std::pair<std::string, Content>> files_;
};

}  // namespace coffer
