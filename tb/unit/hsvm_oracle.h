#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/hsvm_machine.h"

namespace coffer {

/// Something that a hostile hypervisor should not have been able to do, or that was refused without reason.
class HsvmMismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Random operations of a hypervisor that tries everything, and of the guests that live with it, done to a machine and to plain maps. After each step
/// what it touched is compared; check_everything() compares the rest. Shares no code with the controller: page tables are walked and entries are read
/// as bytes.
class HsvmOracle {
public:
    struct Counts {
        std::uint64_t steps = 0;
        std::map<HsvmOperation, std::uint64_t> done;  ///< operations with answer ok
        std::uint64_t refused = 0;
        std::uint64_t lines_read = 0;
        std::uint64_t large = 0;            ///< 2 MiB mappings made
        std::uint64_t borrowed = 0;         ///< shared pages mapped into their sharer
        std::uint64_t forged_refused = 0;   ///< swap images that were not the page's latest
        std::uint64_t migrated = 0;         ///< VMs that went to another chip and came back
        std::uint64_t vms_ended = 0;
        std::uint64_t violations = 0;       ///< that there had to be: lost pages, tampering on the bus
        std::uint64_t stopped = 0;          ///< VMs that one of them stopped
        std::uint64_t taken_off = 0;        ///< of their vCPUs, those that were on a core
    };

    /// Without a tree nothing is forged or tampered with: what passes then is the subject of other tests.
    HsvmOracle(const HsvmMachineSettings& settings, std::uint64_t seed);

    /// Throws HsvmMismatch.
    void step();
    void check_everything();
    const Counts& counts() const { return counts_; }
    /// The last steps, one in each line.
    std::string history() const;

private:
    using Lines = std::map<unsigned, Block64>;
    enum class Kind { mapped, shared, awaiting, borrowed, swapped, lost };
    struct Page {
        Kind kind = Kind::mapped;
        std::uint64_t frame = 0;
        Vmid peer = 0;             // shared with, awaited from, borrowed from
        bool writable = true;      // by the sharer
        bool lent = false;
        Lines lines;
        Bytes image;
        bool leaf_only = false;    // came with the VM's tree: the page table does not know it yet
    };
    struct Vm {
        std::uint64_t secret = 0;  // in every private line, and in no other VM's
        std::map<Gpn, Page> pages;
        bool used = false;             // launched, or has run
        crypto::Digest measurement{};
        std::optional<VmIdentity> identity;  // as its first report had it
        bool stopped = false;
    };
    struct Owner {
        Vmid vmid;
        Gpn gpn;
    };

    std::uint64_t random(std::uint64_t below) { return generator_() % below; }
    bool chance(unsigned percent) { return random(100) < percent; }
    Vmid some_vmid();
    Gpn some_gpn(Vmid vmid, std::initializer_list<Kind> suitable);
    std::uint64_t some_frame();
    std::uint64_t some_free_frame();
    Page* find(Vmid vmid, Gpn gpn);
    bool alive(Vmid vmid) const;
    bool lends(const Vm& vm) const;
    bool is_on_core(Vmid vmid) const;
    bool freezes() const { return settings_.on_violation == OnViolation::freeze; }
    void violated(Vmid vmid);
    void end_stopped();
    void take_back_lent(Vmid vmid);
    void drop(Vmid vmid);
    void note(const std::string& what) { history_.push_back(what); }
    void expect(HsvmOperation operation, HsvmStatus status, bool possible);
    Block64 line_of(const Vm& vm);
    static bool secret(const Block64& line);
    void free_frame(std::uint64_t frame);

    void create();
    void delete_vm();
    void launch();
    void swap_out_page(Vmid vmid, Gpn gpn);
    void unshare_page(Vmid vmid, Gpn gpn);
    bool clear_for_travel(Vmid vmid);
    std::optional<Bytes> leave(Vmid vmid);
    Vmid visit(Vm& vm, const Bytes& blob);
    void look_around(Vmid vmid, Vm& vm);
    void migrate();
    HsvmMachineSettings far_settings() const;
    void attest();
    void map();
    void map_page(Vmid vmid, Gpn gpn, std::uint64_t frame);
    void map_large();
    void unmap();
    void move();
    void swap_out();
    void swap_in();
    void release();
    void share();
    void unshare();
    void guest_write();
    void guest_read();
    void read_line(Vmid vmid, Gpn gpn, Page* page, unsigned line);
    void host_access();
    void switch_context();
    void tamper();

    void check_cores() const;
    void check_page(Vmid vmid, Gpn gpn);
    void check_frame(std::uint64_t frame);
    void check_host_view(std::uint64_t frame);
    [[noreturn]] void fail(const std::string& what) const { throw HsvmMismatch(what); }

    const HsvmMachineSettings settings_;
    const bool forges_;
    HsvmMachine machine_;
    std::optional<HsvmMachine> far_;  // another chip of the fleet, which VMs visit
    const crypto::VerifyKey attest_key_ = crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der());
    std::mt19937_64 generator_;
    std::map<Vmid, Vm> vms_;
    std::map<std::uint64_t, Owner> owners_;
    std::map<std::uint64_t, Lines> plain_;  // what shared frames hold
    std::vector<Bytes> old_images_;
    std::map<std::pair<Vmid, std::uint32_t>, VcpuContext> contexts_;
    std::map<unsigned, std::pair<Vmid, std::uint32_t>> cores_;
    std::uint64_t next_secret_ = 1;
    std::uint64_t next_value_ = 1;
    std::vector<std::string> history_;
    std::vector<std::pair<Vmid, Gpn>> touched_pages_;
    std::vector<std::uint64_t> touched_frames_;
    Counts counts_;
};

}  // namespace coffer
