#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "aise/chip_number.h"
#include "aise/counter_block.h"
#include "aise/lpid_source.h"
#include "aise/pad_generator.h"
#include "bmt/hash_tree.h"
#include "common/byte_store.h"
#include "common/scheme.h"
#include "common/violation_log.h"
#include "crypto/ghash_hardware.h"
#include "crypto/mac.h"
#include "memory/address_map.h"

namespace coffer {

/// A page as the engine uses it: register set of its domain, GPN, and the machine address of its frame.
struct PageRef {
    Slot slot = 0;
    Gpn gpn = 0;
    Address frame = 0;

    Address gpa(unsigned line) const { return gpn * page_bytes + line * line_bytes; }
    Address hpa(unsigned line) const { return frame + line * line_bytes; }
};

/// Encryption, tags and counters of lines: the algorithm of the memory protection engine, over ports, so that it serves both the
/// plain composition (ProtectedMemory) and the TLM module.
class ProtectionEngine {
public:
    struct Statistics {
        std::uint64_t lines_read = 0;
        std::uint64_t lines_written = 0;
        std::uint64_t unwritten_reads = 0;      ///< reads of lines never written under their LPID: zeros, without memory access
        std::uint64_t unchecked_reads = 0;      ///< lines decrypted without any check
        std::uint64_t pages_created = 0;        ///< first accesses to empty leaves
        std::uint64_t overflows = 0;            ///< pages re-encrypted because a minor counter was at its end
        std::uint64_t floor_renewals = 0;       ///< pages re-encrypted because their LPID is older than the install, or another chip's
        std::uint64_t reencrypted_lines = 0;
    };

    struct Ports {
        CounterPort& counters;
        PadPort& pads;
        LpidSource& lpids;
        ByteStore& memory;
        ViolationLog& violations;
        crypto::GhashHardware* ghash = nullptr;  ///< makes the tags in place of the reference level where data_mac is gcm; may be null
    };

    /// LPIDs of chips other than `chip` are renewed at a page's first write.
    ProtectionEngine(const Scheme& scheme, const AddressMap& map, ChipNumber chip, const Ports& ports);

    /// Keys for the tags of a domain; its pages with an LPID below `lpid_floor` are renewed at their first write.
    void install(Slot slot, Vmid vmid, Lpid lpid_floor, const crypto::Key128& k_data, const crypto::Key128& k_mac);
    void revoke(Slot slot);

    /// Decrypts one line (0 to 63) into `data` (64 bytes), which holds zeros after a violation.
    MaybeViolation read_line(const PageRef& page, unsigned line, std::uint8_t* data);
    /// For debug accesses: as read_line over `memory` (debug reads of the same bytes), without any effect; false where a check fails.
    bool peek_line(const PageRef& page, unsigned line, ByteStore& memory, PadPort& pads, std::uint8_t* data);
    /// Decrypts one line without checking anything: its tag is not looked at, and counters that nothing vouches for are taken as memory has them.
    /// Zeros where the line was never written.
    void decrypt_line(const PageRef& page, unsigned line, std::uint8_t* data);
    /// Encrypts one line from `data` (64 bytes).
    MaybeViolation write_line(const PageRef& page, unsigned line, const std::uint8_t* data);
    /// Clears a page at the cost of its counter block: a fresh LPID, all lines read as zeros.
    MaybeViolation shred(const PageRef& page);

    const Statistics& statistics() const { return statistics_; }

private:
    struct Domain {
        Domain(Vmid domain_vmid, Lpid floor) : vmid(domain_vmid), lpid_floor(floor) {}
        Vmid vmid;
        Lpid lpid_floor;
        std::optional<crypto::LineGhash> ghash;  // data_mac gcm without hardware
        std::optional<crypto::Mac> mac;          // data_mac other than gcm
    };
    using Tag = std::array<std::uint8_t, 32>;

    Tag other_tag(const PageRef& page, const crypto::Iv& iv, const std::uint8_t* ciphertext, const std::uint8_t* mask) const;
    bool tag_matches(const PageRef& page, unsigned line, const crypto::Iv& iv, const std::uint8_t* ciphertext, const std::uint8_t* mask,
                     ByteStore& memory) const;
    /// Checks one fetched line against its tag in memory, where the scheme has tags.
    MaybeViolation check_tag(const PageRef& page, unsigned line, const crypto::Iv& iv, const std::uint8_t* ciphertext, const std::uint8_t* mask);
    void store_line(const PageRef& page, unsigned line, const crypto::Iv& iv, const std::uint8_t* plaintext, const std::uint8_t* pad);
    MaybeViolation fresh_block(const PageRef& page, CounterBlock& block);
    MaybeViolation read_counters(const PageRef& page, CounterBlock& block);
    MaybeViolation renew(const PageRef& page, const CounterBlock& old_block, unsigned line, const std::uint8_t* data);
    bool stale(const Domain& domain, Lpid lpid) const { return lpid < domain.lpid_floor || chip_of(lpid) != chip_.value(); }

    const Scheme scheme_;
    const AddressMap map_;
    const ChipNumber chip_;
    Ports ports_;
    std::vector<std::unique_ptr<Domain>> domains_;  // by slot
    Statistics statistics_;
};

}  // namespace coffer
