#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "aise/lpid_source.h"
#include "memory/protected_memory.h"
#include "unit/fixtures.h"

namespace coffer {

/// Something that a machine should never show.
class Mismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Every pad that ever encrypted a line: what was written, xor what had been in clear. A pad that comes twice is an IV used twice under one key.
class PadCensus {
public:
    void written(Address hpa, const std::uint8_t* ciphertext);
    /// Counts the lines written since the last call. Throws Mismatch for a pad that came before.
    void count(const std::function<Block64(Address hpa)>& plaintext);
    std::uint64_t lines() const { return pads_.size(); }

private:
    std::vector<std::pair<Address, Block64>> pending_;
    std::set<Block16> pads_;  // the first chunk's is as good as the whole line's
};

struct MachineSettings {
    ProtectedMemoryParameters memory;
    unsigned vms = 2;
    std::uint64_t pages = 5;  ///< of each VM's tree
};

std::ostream& operator<<(std::ostream& out, const MachineSettings& settings);

/// One thing that a guest, the hypervisor or the operator does. Every step is possible at any time; numbers beyond what there is wrap around.
struct Step {
    enum class Kind {
        write,
        read,
        hammer,        ///< more writes of one line than its minor counter has numbers
        move,          ///< a page to another frame
        shred,
        release,       ///< by the guest; the frame is free for others
        lose,          ///< unmapped without release, where that can be told
        flush,
        reinstall,     ///< the VM goes, a new one comes
        snapshot,      ///< of one VM
        restore,       ///< in place of a VM, elsewhere in memory; also while its original runs
        save_machine,  ///< all of memory, and all roots
        load_machine,
        restart,       ///< of the chip
    };
    Kind kind = Kind::read;
    unsigned vm = 0;
    unsigned page = 0;
    unsigned line = 0;
    unsigned value = 0;
};
std::ostream& operator<<(std::ostream& out, const Step& step);

/// A chip with several VMs beside a plain model of what their guests wrote.
/// Every step is done to both, and what the chip says is compared with the model.
class Machine {
public:
    using LpidsMaker = std::function<std::unique_ptr<LpidSource>(NonVolatile&)>;

    struct Guest {
        crypto::Key128 key;
        std::uint64_t pages = 0;
        std::map<Gpn, Address> frames;                        ///< the mapped pages
        std::set<Gpn> populated;                              ///< used since they were empty last
        std::set<Gpn> lost;
        std::map<std::pair<Gpn, unsigned>, Block64> lines;    ///< the plain model: lines not named are zeros
    };

    explicit Machine(const MachineSettings& settings, LpidsMaker make_lpids = {});

    /// Throws Mismatch for wrong data and false alarms, and for a pad that is used twice.
    void run(const Step& step);
    /// Reads every line of every VM's mapped pages.
    void sweep();
    /// Violations are not mistakes any more: only wrong data is. An operation that ends in a violation has done nothing.
    void tolerate_violations() { tolerant_ = true; }

    TestStore store;
    WatchedBus bus{store};

    ProtectedMemory& memory() { return *memory_; }
    const std::map<Vmid, Guest>& guests() const { return guests_; }
    /// Violations that guests had to get, of lost pages.
    std::uint64_t expected_violations() const { return expected_violations_; }
    /// What the chip says it did, over all boots.
    struct Activity {
        std::uint64_t boots = 0;
        std::uint64_t encrypted_lines = 0;  ///< the census must have seen them all
        std::uint64_t overflows = 0;
        std::uint64_t renewals = 0;
        std::uint64_t spills = 0;
        std::uint64_t dirty_evictions = 0;
    };
    Activity activity() const;
    const PadCensus& census() const { return census_; }

private:
    struct VmSnapshot {
        Guest guest;
        NodeTag root{};
        Bytes tree;
        struct Page {
            Bytes data, tags;
            Block64 counters;
        };
        std::map<Gpn, Page> pages;
    };
    struct MachineSnapshot {
        TestStore store;
        std::map<Vmid, Guest> guests;
        std::map<Vmid, VmInstall> installs;
        std::vector<Address> free_frames;
    };

    void boot();
    void count_pads();
    void install_fresh(Vmid vmid, unsigned key);
    void remove(Vmid vmid);
    VmInstall flushed(Vmid vmid);
    VmSnapshot snapshot(Vmid vmid);
    void restore(const VmSnapshot& from, Vmid vmid);
    void save_machine();
    void load_machine(const MachineSnapshot& from);
    void restart();

    std::optional<Address> take_frame(unsigned choice);
    std::optional<Address> frame_of(Vmid vmid, Gpn gpn, unsigned choice);
    void write(Vmid vmid, Gpn gpn, unsigned line, const Block64& data);
    void check_line(Vmid vmid, Gpn gpn, unsigned line);
    bool done(const MaybeViolation& violation, Vmid vmid, Gpn gpn);
    Block64 plaintext_at(Address hpa);

    MachineSettings settings_;
    AddressMap map_;
    LpidsMaker make_lpids_;
    MemoryNonVolatile nonvolatile_{ChipNumber(1)};
    std::unique_ptr<LpidSource> lpids_;
    std::unique_ptr<ProtectedMemory> memory_;
    std::map<Vmid, Guest> guests_;
    std::vector<Address> free_frames_;
    std::vector<VmSnapshot> vm_snapshots_;
    std::vector<MachineSnapshot> machine_snapshots_;
    PadCensus census_;
    Activity earlier_;
    std::uint64_t expected_violations_ = 0;
    bool tolerant_ = false;
};

}  // namespace coffer
