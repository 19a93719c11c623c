#include "vcpu/trace_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "common/errors.h"

namespace coffer {

namespace {

namespace fs = std::filesystem;

/// Where the name leads: renaming onto a symbolic link would replace the link, and onto a device the device.
fs::path target_of(const std::string& path) {
    std::error_code error;
    fs::path target = fs::weakly_canonical(path, error);
    if (error) throw InputError(path, "cannot be created: " + error.message(), "a place where a file can be written");
    if (fs::exists(target, error) && !fs::is_regular_file(target, error)) throw InputError(path, "exists and is no regular file", "a file name");
    return target;
}

}  // namespace

TraceOutput::TraceOutput(const std::string& path)
    : path_(path),
      target_(target_of(path)),
      temporary_(fmt::format("{}.{}.tmp", target_.string(), ::getpid())),
      file_(std::fopen(temporary_.c_str(), "wbe")) {
    if (file_ == nullptr)
        throw InputError(path_, "cannot be created: " + std::system_category().message(errno), "a place where a file can be written");
}

TraceOutput::~TraceOutput() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(temporary_.c_str());
}

void TraceOutput::write(ByteView bytes) {
    if (bytes.size != 0 && std::fwrite(bytes.data, 1, bytes.size, file_) != bytes.size) fail();
    size_ += bytes.size;
}

void TraceOutput::write_at_beginning(ByteView bytes) {
    if (std::fseek(file_, 0, SEEK_SET) != 0 || std::fwrite(bytes.data, 1, bytes.size, file_) != bytes.size || std::fseek(file_, 0, SEEK_END) != 0)
        fail();
}

void TraceOutput::commit() {
    if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) fail();
    if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
    std::fclose(file_);
    file_ = nullptr;
}

void TraceOutput::fail() const { throw std::system_error(errno, std::system_category(), fmt::format("{}: cannot be written", path_)); }

}  // namespace coffer
