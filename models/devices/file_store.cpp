#include "devices/file_store.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common/errors.h"

namespace coffer {

FileStore::FileStore(const std::string& path) : path_(path), file_(path, std::ios::binary | std::ios::in | std::ios::out) {
    if (!file_) throw InputError(path, "cannot be read and written", "an image file");
}

void FileStore::fail(const char* what) const { throw std::system_error(errno, std::generic_category(), path_ + ": " + what); }

void FileStore::read(Address address, std::uint8_t* data, std::size_t size) {
    file_.clear();
    std::size_t got = 0;
    if (file_.seekg(static_cast<std::streamoff>(address)).read(reinterpret_cast<char*>(data), static_cast<std::streamsize>(size)) || file_.eof())
        got = static_cast<std::size_t>(file_.gcount());
    else
        fail("cannot be read");
    std::fill(data + got, data + size, std::uint8_t{0});
}

void FileStore::write(Address address, const std::uint8_t* data, std::size_t size) {
    file_.clear();
    file_.seekp(static_cast<std::streamoff>(address));
    if (!file_.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size)).flush()) fail("cannot be written");
}

}  // namespace coffer
