#pragma once

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/byte_store.h"

namespace coffer::kill {

/// Memory in a file, which a killed process leaves as it was.
class FileMemory : public ByteStore {
public:
    FileMemory(const std::filesystem::path& file, std::size_t size) : size_(size) {
        const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor < 0 || ::ftruncate(descriptor, static_cast<off_t>(size)) != 0) throw std::runtime_error("no memory file");
        void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        ::close(descriptor);
        if (mapped == MAP_FAILED) throw std::runtime_error("the memory file cannot be mapped");
        bytes_ = static_cast<std::uint8_t*>(mapped);
    }
    ~FileMemory() override { ::munmap(bytes_, size_); }
    FileMemory(const FileMemory&) = delete;
    FileMemory& operator=(const FileMemory&) = delete;

    void read(Address address, std::uint8_t* data, std::size_t size) override { std::memcpy(data, at(address, size), size); }
    void write(Address address, const std::uint8_t* data, std::size_t size) override { std::memcpy(at(address, size), data, size); }

private:
    std::uint8_t* at(Address address, std::size_t size) {
        if (size > size_ || address > size_ - size) throw std::runtime_error("an address outside the memory file");
        return bytes_ + address;
    }

    std::uint8_t* bytes_;
    std::size_t size_;
};

}  // namespace coffer::kill
