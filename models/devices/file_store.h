#pragma once

#include <fstream>
#include <string>

#include "common/byte_store.h"

namespace coffer {

/// The bytes of a file, such as a disk image. What lies behind its end reads as zeros, and a write there makes the file longer.
class FileStore : public ByteStore {
public:
    /// Opens the file, which must exist. Throws InputError where it cannot be read and written.
    explicit FileStore(const std::string& path);

    /// Throws std::system_error where the file cannot be read.
    void read(Address address, std::uint8_t* data, std::size_t size) override;
    /// Throws std::system_error where the file cannot be written.
    void write(Address address, const std::uint8_t* data, std::size_t size) override;

private:
    [[noreturn]] void fail(const char* what) const;

    std::string path_;
    std::fstream file_;
};

}  // namespace coffer
