#include "vm_table/file_nonvolatile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "common/errors.h"
#include "crypto/sha256.h"

namespace coffer {

namespace {

namespace fs = std::filesystem;

// Far above what the largest VM log needs: a longer file is not one of ours, and is not read to its end.
constexpr std::size_t copy_bytes_limit = 8u << 20;

using GpcFile = std::array<std::uint8_t, sizeof(Lpid) + sizeof(crypto::Digest)>;

/// With a digest, since a count that fell back unnoticed would give LPIDs out twice.
GpcFile gpc_file(Lpid gpc) {
    GpcFile bytes;
    store_le64(bytes.data(), gpc);
    const crypto::Digest digest = crypto::sha256({{bytes.data(), sizeof(Lpid)}});
    std::copy(digest.begin(), digest.end(), bytes.begin() + sizeof(Lpid));
    return bytes;
}

class FileDescriptor {
public:
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    ~FileDescriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;

    explicit operator bool() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }
    int release() { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
};

std::string reason(int error) { return std::system_category().message(error); }

[[noreturn]] void throw_write_error(const fs::path& path, const char* step) {
    throw std::system_error(errno, std::system_category(), fmt::format("{}: cannot {}", path.string(), step));
}

/// A regular file, or the first `limit` + 1 bytes of a longer one; nothing where it does not exist.
std::optional<Bytes> read_file(const fs::path& path, std::size_t limit) {
    // Non-blocking, so that a named pipe is refused below rather than waited for.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        if (errno == ENOENT) return std::nullopt;
        throw InputError(path.string(), "cannot be opened: " + reason(errno), "a readable file");
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw InputError(path.string(), "is not a regular file", "a regular file");
    Bytes bytes(std::min(limit, static_cast<std::size_t>(status.st_size)) + 1);
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw InputError(path.string(), fmt::format("byte {}: cannot be read: {}", size, reason(errno)), "a readable file");
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    bytes.resize(size);
    return bytes;
}

/// The bytes of a file that has exactly `size` of them; nothing where it does not exist.
std::optional<Bytes> read_exactly(const fs::path& path, std::size_t size, const char* content) {
    std::optional<Bytes> bytes = read_file(path, size);
    if (!bytes || bytes->size() == size) return bytes;
    const std::string accepted = fmt::format("exactly {} bytes, {}", size, content);
    if (bytes->size() < size) throw InputError(path.string(), fmt::format("byte {}: the file ends too early", bytes->size()), accepted);
    throw InputError(path.string(), fmt::format("byte {}: the file goes on", size), accepted);
}

void sync_directory(const fs::path& file) {
    const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const FileDescriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor || ::fsync(descriptor.get()) != 0) throw_write_error(directory, "sync the directory");
}

void write_durably(const fs::path& path, ByteView bytes) {
    fs::path temporary = path;
    temporary += ".tmp";
    {
        const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!file) throw_write_error(temporary, "create the file");
        for (std::size_t done = 0; done < bytes.size;) {
            const ssize_t written = ::write(file.get(), bytes.data + done, bytes.size - done);
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) throw_write_error(temporary, "write");
            done += static_cast<std::size_t>(written);
        }
        if (::fsync(file.get()) != 0) throw_write_error(temporary, "sync the file");
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_write_error(path, "rename the temporary file");
    sync_directory(path);
}

}  // namespace

FileNonVolatile::FileNonVolatile(const fs::path& file, ChipNumber chip) : chip_(chip) {
    if (file.empty()) throw InputError("non-volatile file", "the name is empty", "a file name");
    // Renaming onto a symbolic link would replace the link and leave its target behind.
    std::error_code error;
    file_ = fs::weakly_canonical(file, error);
    if (error) throw InputError(file.string(), "cannot be resolved: " + error.message(), "a file in a readable directory");
    // Once before the lock, so that bad input creates nothing, and again under it, when no other process can write any more.
    load();
    lock();
    try {
        load();
    } catch (...) {
        ::close(lock_);
        throw;
    }
}

FileNonVolatile::~FileNonVolatile() { ::close(lock_); }

void FileNonVolatile::load() {
    const std::optional<Bytes> gpc = read_exactly(file_, std::tuple_size_v<GpcFile>, "the global page counter and its SHA-256");
    const std::optional<Bytes> log_register = read_exactly(beside(".log-register"), log_register_.size(), "the log register");
    file_exists_ = gpc.has_value();
    log_register_ = {};
    if (!gpc) {
        std::error_code unreadable;
        for (const fs::path& path : {beside(".log-register"), copy_path(0), copy_path(1)})
            if (fs::exists(path, unreadable))
                throw InputError(file_.string(), fmt::format("is missing, but {} is there", path.string()), "all files of a chip, or none");
        gpc_ = chip_.lpid(1);
        return;
    }
    gpc_ = load_le64(gpc->data());
    const GpcFile intact = gpc_file(gpc_);
    if (!std::equal(intact.begin(), intact.end(), gpc->begin()))
        throw InputError(file_.string(), "bytes 8-39: not the SHA-256 of bytes 0-7", "the file as the chip wrote it");
    if (chip_of(gpc_) != chip_.value())
        throw InputError(file_.string(), fmt::format("bytes 6-7: belongs to chip {}", chip_of(gpc_)), fmt::format("chip {}, as configured", chip_.value()));
    if (count_of(gpc_) == 0) throw InputError(file_.string(), "bytes 0-5: the count is 0", "1 or more");
    if (log_register) std::copy(log_register->begin(), log_register->end(), log_register_.begin());
}

void FileNonVolatile::lock() {
    const fs::path path = beside(".lock");
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!file) throw InputError(path.string(), "cannot be created: " + reason(errno), "a directory that can be written");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        throw InputError(path.string(), errno == EWOULDBLOCK ? "another process uses this chip" : "cannot be locked: " + reason(errno), "one process at a time");
    lock_ = file.release();
}

Bytes FileNonVolatile::log_copy(unsigned copy) const { return read_file(copy_path(copy), copy_bytes_limit).value_or(Bytes{}); }

void FileNonVolatile::write_gpc(Lpid gpc) {
    write_durably(file_, gpc_file(gpc));
    file_exists_ = true;
    gpc_ = gpc;
}

void FileNonVolatile::write_log_register(const LogRegister& value) {
    ensure_file();
    write_durably(beside(".log-register"), value);
    log_register_ = value;
}

void FileNonVolatile::write_log_copy(unsigned copy, ByteView bytes) {
    ensure_file();
    write_durably(copy_path(copy), bytes);
}

void FileNonVolatile::ensure_file() {
    if (!file_exists_) write_gpc(gpc_);
}

fs::path FileNonVolatile::beside(const std::string& suffix) const {
    fs::path path = file_;
    path += suffix;
    return path;
}

fs::path FileNonVolatile::copy_path(unsigned copy) const { return beside(copy == 0 ? ".log-0" : ".log-1"); }

}  // namespace coffer
