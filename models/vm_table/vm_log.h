#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "bmt/node_mac.h"
#include "common/bytes.h"
#include "crypto/sha256.h"
#include "vm_table/nonvolatile.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// Where a VM stands. The values are the codes in the table.
enum class LogState : std::uint8_t {
    installed = 1,  ///< installed, and not uninstalled since: it runs, or the chip was reset under it
    stopped = 2,    ///< uninstalled
    moved = 3,      ///< migrated away: never accepted again
};

/// What one VM's identity is remembered by.
struct LogEntry {
    std::uint64_t sequence = 0;    ///< of the latest accepted vector
    crypto::Digest vector_hash{};  ///< of the same
    LogState state = LogState::installed;
    std::uint64_t boots = 0;  ///< installs since the latest snapshot: more than one shows that the VM was set back
};

/// Why the log refuses.
enum class LogStatus : std::uint8_t {
    ok,
    no_entry,        ///< a snapshot of a VM that this chip never accepted
    old_vector,      ///< a later snapshot was accepted
    unknown_vector,  ///< a sequence above the latest: sealed, but never committed
    other_vector,    ///< the right sequence, but not the vector that was accepted
    moved,
    running,         ///< installed since the last reset already
    not_running,
    wrong_sequence,  ///< a snapshot is not the one that was begun
    full,            ///< no place for another identity
    present,         ///< a VM that comes from another chip has not moved away from this one
};

std::string_view to_string(LogStatus status);

/// The log that detects rollback of VMs: a table with one entry per identity and an audit chain, in two copies in untrusted storage, bound
/// by the chip's second non-volatile register, which is the SHA-256 of the copy that counts (generation | chain | table).
///
/// Every change writes the copy that does not count, durably, and then the register: this commits. A crash at any moment leaves the state
/// before or after the change. Where writing throws, nothing more is accepted until the log is built anew, as after a reset.
class VmLog {
public:
    /// Identities that the table has room for.
    static constexpr std::size_t max_entries = 65536;

    /// Boot. Throws InputError where neither copy matches the register, or where copies lie beside a register that was never written.
    explicit VmLog(NonVolatile& nonvolatile);

    /// Whether this vector may be installed: the entry's latest one, or sequence 0 where there is no entry. Changes nothing.
    LogStatus check_install(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash) const;
    /// vm_install: check_install, then the install is on record before the VM runs.
    LogStatus accept_install(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root);

    /// vm_snapshot, first step: the sequence to seal with; nothing for a VM that is not running. Changes nothing.
    std::optional<std::uint64_t> begin_snapshot(const VmIdentity& identity) const;
    /// vm_snapshot, last step, once the sealed vector has been written: from here on only this vector is accepted.
    LogStatus commit_snapshot(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root);

    /// Migration away, with the sequence that begin_snapshot gives: from here on no vector is accepted until the VM comes back.
    LogStatus commit_move(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root);
    /// Whether a vector that another chip made for this one may be installed: one of a VM that is new here, or moved away and has gone on since.
    LogStatus check_import(const VmIdentity& identity, std::uint64_t sequence) const;
    /// check_import, then the install is on record before the VM runs.
    LogStatus accept_import(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root);

    /// vm_uninstall of a running VM whose tree has `root`.
    LogStatus record_uninstall(const VmIdentity& identity, const NodeTag& root);

    /// Installs since the latest snapshot; nothing for an unknown identity.
    std::optional<std::uint64_t> boots(const VmIdentity& identity) const;
    /// The entry of an identity, null where there is none.
    const LogEntry* entry(const VmIdentity& identity) const;

    /// Number of changes since the chip was new.
    std::uint64_t generation() const { return contents_.generation; }
    /// The audit chain: SHA-256(old chain | event | identity | sequence | root) of every change.
    const crypto::Digest& chain() const { return contents_.chain; }
    /// The register that binds all of it.
    const LogRegister& log_register() const { return nonvolatile_.log_register(); }

private:
    /// Event codes of the audit chain.
    enum class Event : std::uint8_t { install = 1, snapshot = 2, uninstall = 3, move = 4 };

    struct Contents {
        std::uint64_t generation = 0;
        crypto::Digest chain{};
        std::map<VmIdentity, LogEntry> entries;

        Bytes serialize() const;
        static std::optional<Contents> parse(ByteView bytes);
    };

    bool running(const VmIdentity& identity) const { return running_.count(identity) != 0; }
    LogStatus check_room() const { return contents_.entries.size() < max_entries ? LogStatus::ok : LogStatus::full; }
    LogStatus check_next(const VmIdentity& identity, std::uint64_t sequence) const;
    void record_install(const VmIdentity& identity, const LogEntry& entry, const NodeTag& root);
    bool load_copy(unsigned copy);
    void commit(Event event, const VmIdentity& identity, const LogEntry& entry, const NodeTag& root);

    NonVolatile& nonvolatile_;
    Contents contents_;
    unsigned current_copy_ = 1;        // the copy that matches the register
    std::set<VmIdentity> running_;     // since the last reset
    bool write_failed_ = false;
};

}  // namespace coffer
