#include "vm_table/vm_log.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>

#include "common/errors.h"

namespace coffer {

namespace {

// Layout of a copy: generation, chain, entries in ascending order of their identities.
constexpr std::size_t chain_at = 8;
constexpr std::size_t entries_at = 40;

// Layout of an entry.
constexpr std::size_t sequence_at = 16;
constexpr std::size_t hash_at = 24;
constexpr std::size_t state_at = 56;
constexpr std::size_t boots_at = 64;
constexpr std::size_t entry_bytes = 72;

bool is_state(std::uint8_t code) {
    return code >= static_cast<std::uint8_t>(LogState::installed) && code <= static_cast<std::uint8_t>(LogState::moved);
}

}  // namespace

std::string_view to_string(LogStatus status) {
    switch (status) {
        case LogStatus::ok: return "ok";
        case LogStatus::no_entry: return "a snapshot of a VM that is not in the VM log";
        case LogStatus::old_vector: return "an old vector: a later snapshot was accepted";
        case LogStatus::unknown_vector: return "a vector whose snapshot was never completed";
        case LogStatus::other_vector: return "not the vector that was accepted with this sequence";
        case LogStatus::moved: return "the VM was moved away";
        case LogStatus::running: return "the VM is installed already";
        case LogStatus::not_running: return "the VM is not installed";
        case LogStatus::wrong_sequence: return "not the sequence that follows";
        case LogStatus::full: return "the VM log is full";
        case LogStatus::present: return "a VM from another chip that has not moved away from this one";
    }
    return "unknown";
}

Bytes VmLog::Contents::serialize() const {
    Bytes bytes(entries_at + entry_bytes * entries.size());
    store_le64(bytes.data(), generation);
    std::copy(chain.begin(), chain.end(), bytes.begin() + chain_at);
    std::uint8_t* p = bytes.data() + entries_at;
    for (const auto& [identity, entry] : entries) {
        std::copy(identity.begin(), identity.end(), p);
        store_le64(p + sequence_at, entry.sequence);
        std::copy(entry.vector_hash.begin(), entry.vector_hash.end(), p + hash_at);
        p[state_at] = static_cast<std::uint8_t>(entry.state);
        store_le64(p + boots_at, entry.boots);
        p += entry_bytes;
    }
    return bytes;
}

std::optional<VmLog::Contents> VmLog::Contents::parse(ByteView bytes) {
    if (bytes.size < entries_at || (bytes.size - entries_at) % entry_bytes != 0) return std::nullopt;
    if ((bytes.size - entries_at) / entry_bytes > max_entries) return std::nullopt;
    Contents contents;
    contents.generation = load_le64(bytes.data);
    std::copy_n(bytes.data + chain_at, contents.chain.size(), contents.chain.begin());
    for (const std::uint8_t* p = bytes.data + entries_at; p != bytes.end(); p += entry_bytes) {
        if (!is_state(p[state_at]) || !all_zero({p + state_at + 1, boots_at - state_at - 1})) return std::nullopt;
        VmIdentity identity;
        std::copy_n(p, identity.size(), identity.begin());
        if (!contents.entries.empty() && !(std::prev(contents.entries.end())->first < identity)) return std::nullopt;
        LogEntry entry;
        entry.sequence = load_le64(p + sequence_at);
        std::copy_n(p + hash_at, entry.vector_hash.size(), entry.vector_hash.begin());
        entry.state = static_cast<LogState>(p[state_at]);
        entry.boots = load_le64(p + boots_at);
        contents.entries.emplace_hint(contents.entries.end(), identity, entry);
    }
    return contents;
}

VmLog::VmLog(NonVolatile& nonvolatile) : nonvolatile_(nonvolatile) {
    const LogRegister empty_log = crypto::sha256({contents_.serialize()});
    if (nonvolatile_.log_register() == LogRegister{}) {
        if (!nonvolatile_.log_copy(0).empty() || !nonvolatile_.log_copy(1).empty())
            throw InputError(nonvolatile_.name(), "the log register was never written, but copies of the VM log are there",
                             "all parts of a chip's state, or none");
        nonvolatile_.write_log_register(empty_log);
    }
    if (nonvolatile_.log_register() == empty_log || load_copy(0) || load_copy(1)) return;
    throw InputError(nonvolatile_.name(), "neither copy of the VM log matches the log register", "at least one copy as the chip wrote it");
}

bool VmLog::load_copy(unsigned copy) {
    const Bytes bytes = nonvolatile_.log_copy(copy);
    if (crypto::sha256({bytes}) != nonvolatile_.log_register()) return false;
    std::optional<Contents> contents = Contents::parse(bytes);
    if (!contents) return false;
    contents_ = std::move(*contents);
    current_copy_ = copy;
    return true;
}

LogStatus VmLog::check_install(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash) const {
    const LogEntry* known = entry(identity);
    if (known == nullptr) {
        if (sequence != 0) return LogStatus::no_entry;
        return check_room();
    }
    if (known->state == LogState::moved) return LogStatus::moved;
    if (sequence < known->sequence) return LogStatus::old_vector;
    if (sequence > known->sequence) return LogStatus::unknown_vector;
    if (vector_hash != known->vector_hash) return LogStatus::other_vector;
    return running(identity) ? LogStatus::running : LogStatus::ok;
}

LogStatus VmLog::accept_install(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root) {
    if (const LogStatus status = check_install(identity, sequence, vector_hash); status != LogStatus::ok) return status;
    const LogEntry* known = entry(identity);
    record_install(identity, {sequence, vector_hash, LogState::installed, known != nullptr ? known->boots + 1 : 1}, root);
    return LogStatus::ok;
}

LogStatus VmLog::check_import(const VmIdentity& identity, std::uint64_t sequence) const {
    const LogEntry* known = entry(identity);
    if (known == nullptr) return check_room();
    if (running(identity)) return LogStatus::running;
    if (known->state != LogState::moved) return LogStatus::present;
    return sequence > known->sequence ? LogStatus::ok : LogStatus::old_vector;
}

LogStatus VmLog::accept_import(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root) {
    if (const LogStatus status = check_import(identity, sequence); status != LogStatus::ok) return status;
    record_install(identity, {sequence, vector_hash, LogState::installed, 1}, root);
    return LogStatus::ok;
}

void VmLog::record_install(const VmIdentity& identity, const LogEntry& entry, const NodeTag& root) {
    commit(Event::install, identity, entry, root);
    running_.insert(identity);
}

std::optional<std::uint64_t> VmLog::begin_snapshot(const VmIdentity& identity) const {
    if (!running(identity)) return std::nullopt;
    const std::uint64_t sequence = entry(identity)->sequence;
    if (sequence == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return sequence + 1;
}

LogStatus VmLog::check_next(const VmIdentity& identity, std::uint64_t sequence) const {
    if (!running(identity)) return LogStatus::not_running;
    return sequence == begin_snapshot(identity) ? LogStatus::ok : LogStatus::wrong_sequence;
}

LogStatus VmLog::commit_snapshot(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root) {
    if (const LogStatus status = check_next(identity, sequence); status != LogStatus::ok) return status;
    commit(Event::snapshot, identity, {sequence, vector_hash, LogState::installed, 0}, root);
    return LogStatus::ok;
}

LogStatus VmLog::commit_move(const VmIdentity& identity, std::uint64_t sequence, const crypto::Digest& vector_hash, const NodeTag& root) {
    if (const LogStatus status = check_next(identity, sequence); status != LogStatus::ok) return status;
    commit(Event::move, identity, {sequence, vector_hash, LogState::moved, 0}, root);
    running_.erase(identity);
    return LogStatus::ok;
}

LogStatus VmLog::record_uninstall(const VmIdentity& identity, const NodeTag& root) {
    if (!running(identity)) return LogStatus::not_running;
    LogEntry changed = *entry(identity);
    changed.state = LogState::stopped;
    commit(Event::uninstall, identity, changed, root);
    running_.erase(identity);
    return LogStatus::ok;
}

std::optional<std::uint64_t> VmLog::boots(const VmIdentity& identity) const {
    const LogEntry* known = entry(identity);
    return known == nullptr ? std::nullopt : std::optional(known->boots);
}

const LogEntry* VmLog::entry(const VmIdentity& identity) const {
    const auto found = contents_.entries.find(identity);
    return found == contents_.entries.end() ? nullptr : &found->second;
}

void VmLog::commit(Event event, const VmIdentity& identity, const LogEntry& entry, const NodeTag& root) {
    if (write_failed_) throw std::logic_error("VM log: a write failed before; reset the chip");
    std::array<std::uint8_t, 1> event_code{static_cast<std::uint8_t>(event)};
    std::array<std::uint8_t, 8> sequence;
    store_le64(sequence.data(), entry.sequence);

    Contents next = contents_;
    ++next.generation;
    next.chain = crypto::sha256({contents_.chain, event_code, identity, sequence, root});
    next.entries[identity] = entry;

    const Bytes bytes = next.serialize();
    const unsigned other_copy = 1 - current_copy_;
    write_failed_ = true;
    nonvolatile_.write_log_copy(other_copy, bytes);
    nonvolatile_.write_log_register(crypto::sha256({bytes}));
    write_failed_ = false;
    current_copy_ = other_copy;
    contents_ = std::move(next);
}

}  // namespace coffer
