#pragma once

#include <filesystem>
#include <string>

#include "vm_table/nonvolatile.h"

namespace coffer {

/// Non-volatile state in files: FILE holds the GPC (8 bytes, little-endian) and SHA-256 of these 8 bytes; beside it lie FILE.log-register
/// (32 bytes, in chip order), FILE.log-0 and FILE.log-1 (the table's copies), and FILE.lock, which one process at a time holds.
///
/// Every write is a temporary file (the name with .tmp), fsync, rename, fsync of the directory: a process killed at any moment leaves
/// the old or the new bytes. FILE is written before anything beside it. Where FILE does not exist, a fresh chip begins with the first
/// write; nothing but the lock is created before.
class FileNonVolatile : public NonVolatile {
public:
    /// Throws InputError, having changed nothing, where FILE is altered, or it or FILE.log-register truncated, oversized, unreadable or another chip's,
    /// where there are files beside a FILE that is missing, or where another process holds the lock.
    FileNonVolatile(const std::filesystem::path& file, ChipNumber chip);
    ~FileNonVolatile() override;
    FileNonVolatile(const FileNonVolatile&) = delete;
    FileNonVolatile& operator=(const FileNonVolatile&) = delete;

    Lpid gpc() const override { return gpc_; }
    const LogRegister& log_register() const override { return log_register_; }
    /// Of a file that is longer than any table, only the beginning. Throws InputError where it exists but cannot be read.
    Bytes log_copy(unsigned copy) const override;

    /// These throw std::system_error where the machine fails (a full disk).
    void write_gpc(Lpid gpc) override;
    void write_log_register(const LogRegister& value) override;
    void write_log_copy(unsigned copy, ByteView bytes) override;

    std::string name() const override { return file_.string(); }

private:
    void load();
    void lock();
    void ensure_file();
    std::filesystem::path beside(const std::string& suffix) const;
    std::filesystem::path copy_path(unsigned copy) const;

    std::filesystem::path file_;
    ChipNumber chip_;
    Lpid gpc_ = 0;
    LogRegister log_register_{};
    bool file_exists_ = false;
    int lock_ = -1;
};

}  // namespace coffer
