// A chip's non-volatile files with any bytes: one line of refusal, or a chip that counts on and whose log can be written and read again.
//
// An input is: which files there are (bits 0 to 3: FILE, log register, copies 0 and 1; bits 4 and 5: the register is made to match copy 0, and
// the digest of FILE its first 8 bytes, so that mutations get past them); the lengths of FILE and of the register (1 byte each) and of copy 0 (2
// bytes); the bytes of the four.

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "aise/lpid_allocator.h"
#include "common/bytes.h"
#include "common/errors.h"
#include "crypto/sha256.h"
#include "fuzz_target.h"
#include "vm_table/file_nonvolatile.h"
#include "vm_table/vm_log.h"

namespace coffer::fuzz {
namespace {

namespace fs = std::filesystem;

/// A folder of this process, in memory where there is such a place.
class Scratch {
public:
    Scratch()
        : path_((::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path().string()) + "/coffer_fuzz_" + std::to_string(::getpid())) {
        fs::create_directories(path_);
    }
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

class Reader {
public:
    explicit Reader(ByteView bytes) : bytes_(bytes) {}

    std::size_t number(std::size_t size) {
        std::size_t value = 0;
        for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
        return value;
    }
    Bytes take(std::size_t size) {
        size = std::min(size, bytes_.size);
        const Bytes taken(bytes_.begin(), bytes_.begin() + size);
        bytes_ = {bytes_.data + size, bytes_.size - size};
        return taken;
    }
    Bytes rest() { return take(bytes_.size); }

private:
    ByteView bytes_;
};

struct Files {
    explicit Files(ByteView input) {
        Reader reader(input);
        present = reader.number(1);
        const std::size_t gpc_bytes = reader.number(1);
        const std::size_t register_bytes = reader.number(1);
        const std::size_t copy_bytes = reader.number(2);
        gpc = reader.take(gpc_bytes);
        log_register = reader.take(register_bytes);
        copies[0] = reader.take(copy_bytes);
        copies[1] = reader.rest();
        if ((present & 16) != 0) {
            const crypto::Digest digest = crypto::sha256({copies[0]});
            log_register.assign(digest.begin(), digest.end());
        }
        if ((present & 32) != 0) {
            gpc.resize(sizeof(Lpid));
            const crypto::Digest digest = crypto::sha256({gpc});
            gpc.insert(gpc.end(), digest.begin(), digest.end());
        }
    }

    void write(const fs::path& file) const {
        const auto put = [&](unsigned bit, const char* suffix, const Bytes& bytes) {
            const std::string path = file.string() + suffix;
            fs::remove(path);
            if ((present >> bit & 1) == 0) return;
            std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        };
        put(0, "", gpc);
        put(1, ".log-register", log_register);
        put(2, ".log-0", copies[0]);
        put(3, ".log-1", copies[1]);
    }

    /// Whether the chip may start, with its GPC.
    bool may_start(Lpid& first) const {
        first = ChipNumber(1).lpid(1);
        if ((present & 1) == 0) return (present & 14) == 0;
        if (gpc.size() != 40) return false;
        first = load_le64(gpc.data());
        const crypto::Digest digest = crypto::sha256({{gpc.data(), sizeof first}});
        return std::equal(digest.begin(), digest.end(), gpc.begin() + 8) && chip_of(first) == 1 && count_of(first) != 0 &&
               ((present & 2) == 0 || log_register.size() == 32);
    }

    std::size_t present = 0;
    Bytes gpc;
    Bytes log_register;
    Bytes copies[2];
};

void use_log(NonVolatile& nonvolatile) {
    constexpr VmIdentity identity{0xff, 1};
    VmLog log(nonvolatile);
    const bool accepted = log.accept_install(identity, 0, crypto::Digest{}, NodeTag{}) == LogStatus::ok;
    const VmLog again(nonvolatile);
    require(again.generation() == log.generation() && again.chain() == log.chain() && again.boots(identity) == log.boots(identity),
            "the log was not read back");
    require(!accepted || again.boots(identity) != std::nullopt, "an accepted install is not on record");
}

void start_chip(const fs::path& file, bool may_start, Lpid first) {
    FileNonVolatile nonvolatile(file, ChipNumber(1));
    require(may_start, "damaged files were accepted");
    LpidAllocator lpids(nonvolatile);
    require(lpids.peek() == first, "the chip does not count on");
    const auto lpid = lpids.next();
    require(lpid ? *lpid == first && nonvolatile.gpc() > first : count_of(first) == lpid_count_end, "an LPID that was not reserved");
    use_log(nonvolatile);
}

}  // namespace
}  // namespace coffer::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer;
    using namespace coffer::fuzz;
    static const Scratch scratch;
    const std::filesystem::path file = scratch.path() / "chip";
    const Files files({data, size});
    files.write(file);
    Lpid first = 0;
    const bool may_start = files.may_start(first);
    try {
        start_chip(file, may_start, first);
    } catch (const InputError& error) {
        require(std::string(error.what()).find('\n') == std::string::npos, "a message of more than one line");
        require(!may_start || files.present & 14, "good files were refused");
    }
    return 0;
}
