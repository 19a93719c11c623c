#include "vcpu/trace_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/errors.h"

namespace coffer {

TraceOutput::TraceOutput(const std::string& path)
    : path_(path), temporary_(fmt::format("{}.{}.tmp", path, ::getpid())), file_(std::fopen(temporary_.c_str(), "wbe")) {
    if (file_ == nullptr) throw InputError(path_, "cannot be created: " + std::system_category().message(errno), "a place where a file can be written");
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
    if (std::fseek(file_, 0, SEEK_SET) != 0 || std::fwrite(bytes.data, 1, bytes.size, file_) != bytes.size || std::fseek(file_, 0, SEEK_END) != 0) fail();
}

void TraceOutput::commit() {
    if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) fail();
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail();
    std::fclose(file_);
    file_ = nullptr;
}

void TraceOutput::fail() const { throw std::system_error(errno, std::system_category(), fmt::format("{}: cannot be written", path_)); }

}  // namespace coffer
