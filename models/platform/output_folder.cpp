#include "platform/output_folder.h"

#include <deque>
#include <system_error>

#include <unistd.h>

#include "common/errors.h"
#include "vcpu/trace_output.h"

namespace coffer {

namespace fs = std::filesystem;

OutputFolder::OutputFolder(const fs::path& folder) : folder_(folder.lexically_normal()) {
    if (!folder_.has_filename()) folder_ = folder_.parent_path();
    if (folder_.empty()) throw InputError("output folder", "the name is empty", "a folder, or a new name in one");
    std::error_code error;
    const bool exists = fs::exists(folder_, error);
    const fs::path parent = folder_.has_parent_path() ? folder_.parent_path() : fs::path(".");
    const fs::path& place = exists ? folder_ : parent;
    if (!fs::is_directory(place, error)) throw InputError(folder_.string(), "no folder for the output", "a folder, or a new name in one");
    if (access(place.c_str(), W_OK | X_OK) != 0) throw InputError(folder_.string(), "nothing may be written here", "a folder with write access");
}

void OutputFolder::add(std::string name, std::string text) {
    add(std::move(name), [text = std::move(text)](const auto& write) { write(ByteView(std::string_view(text))); });
}

void OutputFolder::commit() {
    const bool created = fs::create_directory(folder_);
    try {
        std::deque<TraceOutput> outputs;
        for (const auto& [name, content] : files_) {
            TraceOutput& output = outputs.emplace_back((folder_ / name).string());
            content([&](ByteView bytes) { output.write(bytes); });
        }
        for (TraceOutput& output : outputs) output.commit();
    } catch (...) {
        std::error_code ignored;
        if (created) fs::remove(folder_, ignored);
        throw;
    }
}

}  // namespace coffer
