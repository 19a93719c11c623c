#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "unit/commanded_machine.h"
#include "unit/decision_file.h"
#include "unit/hsvm_machine.h"

namespace coffer {
namespace {

/// How the controller is asked.
enum class Way { calls, registers };

/// A machine in one situation, brought there by operations and accesses alone.
class Stage {
public:
    static constexpr std::uint64_t pages = 1500;
    static constexpr Vmid nobody = 9;
    static constexpr Address shim = 40 * page_bytes;

    Stage(bool encrypt, Way way, const std::string& operation, const DecisionFile::Situation& situation)
        : machine_({encrypt}), encrypt_(encrypt), way_(way), operation_(operation), situation_(situation) {
        large_ = is("size", "large");
        const VmArguments arguments{pages, 2, encrypt ? shim : 0};
        must(hsvm().create(HsvmCaller::host, arguments, named_));
        must(hsvm().create(HsvmCaller::host, arguments, other_));
        // What is exported has no page in memory.
        const bool empty = is("residence", "nothing") || is("residence", "shared");
        if (encrypt && !empty && !is("context", "absent")) map(named_, 41);
        if (encrypt && (!empty || is("vm", "running"))) map(named_, 42);
        if (encrypt) map(other_, 41);
        set_residence();
        set_page();
        set_frame();
        set_cores();
        if (is("lending", "some")) lend(named_, 50, other_, 50);
        if (is("software", "vm")) registers_.vm_cores = {1};
        if (operation_ == "attest") map(named_, report_page);
        if (operation_ == "read_export") export_other();
        if (is("vm", "frozen")) {
            map(named_, 30);
            must(hsvm().page_unmap(HsvmCaller::host, named_, 30));
            Block64 data;
            EXPECT_EQ(machine_.guest_read(named_, 30 * page_bytes, data), HsvmMachine::Access::violated);
        }
    }

    HsvmStatus run() {
        caller_ = is("caller", "host")    ? HsvmCaller::host
                  : is("caller", "shim")  ? HsvmCaller::shim
                  : is("caller", "guest") ? HsvmCaller::guest
                                          : HsvmCaller::device;
        vmid_ = is("vm", "none") ? nobody : named_;
        if (is("size", "misaligned")) gpn_ = is("page", "beyond") ? pages + 1 : special_;
        large_ = large_ || is("size", "misaligned");
        vcpu_ = is("vcpu", "beyond") ? 2 : 0;
        core_ = is("core", "beyond") ? 4 : 1;
        taken_ = taken();
        if (operation_ == "create") return create();
        return way_ == Way::calls ? call() : command();
    }

    /// Pages of both VMs, frames, cores.
    std::string state() {
        std::string text;
        for (const Vmid vmid : {named_, other_, arrived_})
            for (const auto& [first, count] : {std::pair<Gpn, Gpn>{0, 64}, {510, 10}, {1022, 4}, {1498, 4}})
                for (Gpn gpn = first; gpn < first + count; ++gpn) text += std::to_string(machine_.npt_bits(vmid, gpn)) + ' ';
        for (const auto& [first, count] : {std::pair<std::uint64_t, std::uint64_t>{0, 80}, {512, 10}, {1020, 40}})
            for (std::uint64_t frame = first; frame < first + count; ++frame) text += to_hex(hsvm().ownership(frame).encode()) + ' ';
        for (const Vmid vmid : {named_, other_, arrived_}) {
            const bool ended = hsvm().translate(vmid, pages * page_bytes, false).fault == TranslationFault::unknown_vm;
            text += ended ? "ended " : "there ";
            text += to_hex(hsvm().measurement(vmid)) + ' ';
        }
        for (unsigned core = 0; core < 4; ++core) text += std::to_string(hsvm().running(core).value_or(0)) + ' ';
        return text;
    }

private:
    bool is(const char* input, const char* value) const {
        const auto found = situation_.find(input);
        return found != situation_.end() && found->second == value;
    }
    HsvmController& hsvm() { return machine_.hsvm; }

    /// What the operation takes from a buffer.
    Bytes taken() {
        if (operation_ == "swap_in") return image_.empty() ? Bytes(hsvm().swap_image_bytes()) : image_;
        if (operation_ == "launch") return Bytes(is("image", "good") ? 100 : 0, 7);
        if (operation_ == "export_vm") return certificate();
        if (operation_ == "import_vm") return arriving();
        return {};
    }

    HsvmStatus call() {
        const bool usable = is("buffer", "good");
        const auto room = [&](std::uint64_t) { return usable; };
        const auto source = [&](const Bytes& bytes) {
            return usable ? BytesSource(bytes) : BytesSource(bytes.size(), [](std::uint64_t, std::uint8_t*, std::size_t) { return false; });
        };
        const CoreSoftware software = is("software", "vm") ? CoreSoftware::vm : CoreSoftware::host;
        VcpuContext context;
        const Bytes stored(context_bytes);
        Bytes given;
        if (operation_ == "delete_vm") return hsvm().delete_vm(caller_, vmid_);
        if (operation_ == "page_map") return hsvm().page_map(caller_, vmid_, gpn_, frame_, large_);
        if (operation_ == "page_unmap") return hsvm().page_unmap(caller_, vmid_, gpn_, large_);
        if (operation_ == "page_move") return hsvm().page_move(caller_, vmid_, gpn_, frame_);
        if (operation_ == "swap_out") return hsvm().swap_out(caller_, vmid_, gpn_, given, room);
        if (operation_ == "swap_in") return hsvm().swap_in(caller_, vmid_, gpn_, frame_, source(taken_));
        if (operation_ == "context_save") return hsvm().context_save(caller_, vmid_, vcpu_, core_, context, software);
        if (operation_ == "context_restore") return hsvm().context_restore(caller_, vmid_, vcpu_, core_, context, software);
        if (operation_ == "release") return hsvm().release(caller_, vmid_, gpn_, large_);
        if (operation_ == "share") return hsvm().share(caller_, vmid_, gpn_, sharer(), true);
        if (operation_ == "launch") return hsvm().launch(caller_, vmid_, gpn_, source(taken_), source(stored));
        if (operation_ == "challenge") return hsvm().challenge(caller_, nonce_);
        if (operation_ == "export_vm") return hsvm().export_vm(caller_, vmid_, source(taken_), Nonce{}, given, room);
        if (operation_ == "import_vm") return hsvm().import_vm(caller_, source(taken_), arrived_);
        if (operation_ == "attest") return hsvm().attest(caller_, vmid_, Nonce{}, ReportData{}, given, room);
        if (operation_ == "unshare") return hsvm().unshare(caller_, vmid_, gpn_);
        if (operation_ == "read_export") return hsvm().read_export(caller_, given, room);
        throw std::logic_error("no way to run " + operation_);
    }

    HsvmRequester requester() const {
        const bool is_vm = caller_ == HsvmCaller::shim || caller_ == HsvmCaller::guest;
        return {caller_, is_vm ? vmid_ : host_vmid};
    }

    HsvmStatus command_with(const CommandedMachine::Arguments& arguments) {
        registers_.set(requester(), arguments);
        const std::uint64_t status = registers_.start(requester(), code_of(operation_));
        if (operation_ == "import_vm" && status == 0) arrived_ = static_cast<Vmid>(registers_.get(requester(), Register::result_vmid));
        return static_cast<HsvmStatus>(status);
    }

    /// A buffer in the hands of nobody but the host, and one that a guest has.
    static constexpr Address host_buffer = 1900 * page_bytes, host_second = 1950 * page_bytes;
    static constexpr Gpn report_page = 55;

    HsvmStatus command() {
        const std::uint64_t flags = (large_ ? hsvm_registers::flags_large_mask : 0) | hsvm_registers::flags_writable_mask;
        registers_.set(requester(), {{Register::vmid, vmid_},
                                     {Register::gpn, gpn_},
                                     {Register::frame, frame_},
                                     {Register::flags, flags},
                                     {Register::vcpu, vcpu_},
                                     {Register::core, core_},
                                     {Register::sharer, sharer()}});
        const bool first_is_certificate = operation_ == "export_vm";
        machine_.store.put(first_is_certificate ? host_second : host_buffer, taken_);
        const Address buffer = operation_ == "attest" ? report_page * page_bytes + 8 : host_buffer;
        const std::uint64_t given = operation_ == "attest" ? attestation_report_bytes : 2 * page_bytes;
        const bool takes = operation_ == "swap_in" || operation_ == "launch" || operation_ == "import_vm";
        const std::uint64_t length = takes ? taken_.size() : given;
        const std::uint64_t second = first_is_certificate ? taken_.size() : context_bytes;
        const CommandedMachine::Arguments good{{Register::buffer_address, buffer},
                                               {Register::buffer_length, length},
                                               {Register::second_address, host_second},
                                               {Register::second_length, second}};
        if (!is("buffer", "bad")) return command_with(good);
        std::optional<HsvmStatus> first;
        const Address chip = machine_.memory.map().chip_base();
        if (!taken_.empty()) machine_.store.put(chip - taken_.size() + 1, {taken_.data(), taken_.size() - 1});
        for (const CommandedMachine::Arguments& bad : bad_buffers(good)) {
            registers_.set(requester(), good);
            const HsvmStatus status = command_with(bad);
            EXPECT_EQ(status, first.value_or(status)) << "it depends on what is wrong with the buffer";
            first = status;
        }
        return *first;
    }

    /// What may be wrong with the buffers of the operation.
    std::vector<CommandedMachine::Arguments> bad_buffers(const CommandedMachine::Arguments& good) const {
        const Address chip = machine_.memory.map().chip_base(), last = ~Address{0};
        const std::uint64_t length = good[1].second;
        const bool takes = operation_ == "swap_in" || operation_ == "launch" || operation_ == "import_vm";
        const bool fills = operation_ == "swap_out" || operation_ == "attest" || operation_ == "read_export";
        std::vector<CommandedMachine::Arguments> bad;
        // An image without bytes is no buffer at all.
        if (length != 0)
            for (const Address address : {chip, chip - 1, last, Address{4} << 40}) bad.push_back({{Register::buffer_address, address}});
        // That a blob ends in the wrong place is seen when its beginning is good.
        if (takes && length != 0 && (operation_ != "import_vm" || (is("arrival", "good") && length > VmBlob::fixed_bytes)))
            bad.push_back({{Register::buffer_address, chip - length + 1}});
        if (operation_ == "attest") bad.push_back({{Register::buffer_address, (report_page + 1) * page_bytes - 8}});
        if (fills) bad.push_back({{Register::buffer_length, 100}});
        if (operation_ == "export_vm" || operation_ == "launch")
            for (const Address address : {chip, chip - 8, last}) bad.push_back({{Register::second_address, address}});
        if (operation_ == "launch") bad.push_back({{Register::second_length, context_bytes - 1}});
        return bad;
    }

    static std::uint64_t code_of(const std::string& operation) {
        static const DecisionFile file;
        return file.operation(operation)["code"].as<std::uint64_t>();
    }

    /// The blob that is read again.
    void export_other() {
        if (encrypt_) must(hsvm().release(HsvmCaller::shim, other_, 41));
        Bytes blob;
        must(hsvm().export_vm(HsvmCaller::host, other_, bytes_of(test_chip(2).certificate(KeyUsage::unwrap)), Nonce{}, blob));
    }

    static void must(HsvmStatus status) {
        if (status != HsvmStatus::ok) throw std::logic_error("the stage could not be set: " + std::string(to_string(status)));
    }

    std::uint64_t map(Vmid vmid, Gpn gpn) {
        must(hsvm().page_map(HsvmCaller::host, vmid, gpn, next_frame_));
        return next_frame_++;
    }
    /// `lender` shares its page with `borrower`, who awaits it.
    void lend(Vmid lender, Gpn from, Vmid borrower, Gpn to) {
        const std::uint64_t frame = map(lender, from);
        must(hsvm().share(HsvmCaller::guest, lender, from, borrower, true));
        must(hsvm().share(HsvmCaller::guest, borrower, to, lender, true));
        must(hsvm().page_map(HsvmCaller::host, borrower, to, frame));
    }

    void set_residence() {
        if (is("residence", "resident")) map(named_, 60);
        if (is("residence", "shared")) must(hsvm().share(HsvmCaller::guest, named_, 60, other_, true));
        if (operation_ != "export_vm") return;
        map(named_, 61);
        must(hsvm().swap_out(HsvmCaller::host, named_, 61, image_));
        if (is("vm", "frozen")) return;
        map(named_, 62);
        must(hsvm().page_unmap(HsvmCaller::host, named_, 62));
    }
    Bytes certificate() const {
        if (is("target", "other_chip")) return bytes_of(test_chip(2).certificate(KeyUsage::unwrap));
        return bytes_of(test_chip(1).certificate(KeyUsage::unwrap));
    }
    template <std::size_t N>
    static Bytes bytes_of(const std::array<std::uint8_t, N>& array) {
        return Bytes(array.begin(), array.end());
    }

    /// A blob of a VM of the fleet's other chip.
    Bytes arriving() {
        Nonce nonce;
        must(hsvm().challenge(HsvmCaller::host, nonce));
        const bool foreign = is("arrival", "foreign");
        HsvmMachineSettings settings{foreign != encrypt_};
        settings.chip = 2;
        HsvmMachine source(settings);
        Vmid vmid = 0;
        Bytes blob;
        must(source.hsvm.create(HsvmCaller::host, {100, 1, settings.encrypt ? shim : 0}, vmid));
        if (is("arrival", "stale")) nonce[8] = 1;
        must(source.hsvm.export_vm(HsvmCaller::host, vmid, bytes_of(test_chip(1).certificate(KeyUsage::unwrap)), nonce, blob));
        if (is("arrival", "unreadable")) blob[VmBlob::fixed_bytes - 1] ^= 1;
        if (is("arrival", "known")) {
            // The same VM, as a snapshot of it would come: installed, and gone since.
            VmGate::Arrival arrival;
            const std::optional<VmBlob> opened = VmBlob::decode(blob);
            EXPECT_TRUE(machine_.gate.open(opened->vm_key, opened->vector, arrival).ok());
            EXPECT_TRUE(machine_.gate.enroll(15, arrival.vm).ok());
        }
        return blob;
    }

    void set_page() {
        gpn_ = large_ || is("size", "misaligned") ? 512 : 5;
        special_ = gpn_ == 512 ? 515 : 5;
        const bool takes = operation_ == "page_unmap" || operation_ == "release";
        if (large_ && takes && !is("page", "beyond")) {
            must(hsvm().page_map(HsvmCaller::host, named_, 512, 512, true));
            // The page that stands in the way has been mapped alone before.
            if (!is("page", "mapped")) must(hsvm().release(HsvmCaller::guest, named_, special_));
        }
        if (is("page", "beyond")) gpn_ = large_ || is("size", "misaligned") ? 1024 : pages;
        if (is("page", "mapped") && !(large_ && takes)) map(named_, special_);
        if (is("page", "shared")) {
            map(named_, special_);
            must(hsvm().share(HsvmCaller::guest, named_, special_, host_vmid, true));
        }
        if (is("page", "lent")) lend(named_, special_, other_, 20);
        if (is("page", "awaiting")) must(hsvm().share(HsvmCaller::guest, named_, special_, other_, true));
        if (is("page", "borrowed")) lend(other_, 21, named_, special_);
        if (is("page", "swapped")) {
            map(named_, special_);
            must(hsvm().swap_out(HsvmCaller::host, named_, special_, image_));
        }
        if (is("page", "lost")) {
            map(named_, special_);
            must(hsvm().page_unmap(HsvmCaller::host, named_, special_));
        }
    }

    void set_frame() {
        // 2 MiB operations meet the frame that stands in the way behind their first one.
        next_frame_ = large_ ? 1031 : next_frame_;
        frame_ = next_frame_;
        if (is("frame", "own")) map(named_, 22);
        if (is("frame", "other")) map(other_, 23);
        if (is("frame", "offered")) {
            map(other_, 24);
            must(hsvm().share(HsvmCaller::guest, other_, 24, named_, true));
        }
        if (large_) frame_ = 1024, next_frame_ = 1600;
        if (is("frame", "chip")) frame_ = hsvm().layout().data_frames;
        if (is("frame", "metadata")) frame_ = align_up(hsvm().layout().end_frame, large_pages);
    }

    void set_cores() {
        VcpuContext context;
        const auto run_on = [&](Vmid vmid, std::uint32_t vcpu, unsigned core) {
            must(hsvm().context_restore(HsvmCaller::host, vmid, vcpu, core, context));
        };
        const bool named_runs = is("vm", "running");
        if (is("vcpu", "running")) {
            // Its context was there when it was restored.
            const bool absent = encrypt_ && is("context", "absent");
            if (absent) map(named_, 41);
            run_on(named_, 0, is("core", "this_vcpu") ? 1 : 2);
            if (absent) must(hsvm().release(HsvmCaller::shim, named_, 41));
        } else if (named_runs) {
            run_on(named_, 1, is("core", "other") ? 1 : 3);
        }
        if (is("vm", "running") && encrypt_ && is("residence", "nothing")) must(hsvm().release(HsvmCaller::shim, named_, 42));
        if (is("birth", "over") && !named_runs && !is("vm", "none")) {
            run_on(named_, 1, 3);
            must(hsvm().context_save(HsvmCaller::host, named_, 1, 3, context));
        }
        if (is("core", "other") && !(named_runs && !is("vcpu", "running"))) run_on(other_, 0, 1);
    }

    HsvmStatus create_with(const VmArguments& arguments) {
        Vmid vmid = 0;
        if (way_ == Way::calls) return hsvm().create(caller_, arguments, vmid);
        return command_with({{Register::pages, arguments.pages}, {Register::vcpus, arguments.vcpus}, {Register::addr_shim, arguments.addr_shim}});
    }

    HsvmStatus create() {
        const Address good_shim = encrypt_ ? shim : 0;
        if (is("arguments", "good")) return create_with({pages, 2, good_shim});
        const VmArguments bad[] = {{0, 2, good_shim},
                                   {NestedPageTable::max_pages + 1, 2, good_shim},
                                   {pages, 0, good_shim},
                                   {pages, 65537, good_shim},
                                   {pages, 2, encrypt_ ? shim + 1 : shim},
                                   {pages, 2, encrypt_ ? 0 : page_bytes},
                                   {pages, 2, (pages - 2) * page_bytes},
                                   {pages, 2, ~Address{4095}}};
        const HsvmStatus first = create_with(bad[0]);
        for (const VmArguments& arguments : bad) EXPECT_EQ(create_with(arguments), first);
        return first;
    }

    Vmid sharer() const {
        if (is("sharer", "host")) return host_vmid;
        if (is("sharer", "self")) return is("vm", "none") ? nobody : named_;
        return is("sharer", "vm") ? other_ : Vmid{12};
    }

    using Register = CommandedMachine::Register;

    HsvmMachine machine_;
    CommandedMachine registers_{machine_, 4};
    const bool encrypt_;
    const Way way_;
    const std::string operation_;
    const DecisionFile::Situation situation_;
    bool large_ = false;
    Vmid named_ = 0;
    Vmid other_ = 0;
    Gpn gpn_ = 0;
    Gpn special_ = 0;
    std::uint64_t frame_ = 0;
    std::uint64_t next_frame_ = 3;
    Bytes image_;
    Nonce nonce_{};
    HsvmCaller caller_ = HsvmCaller::host;
    Vmid vmid_ = 0;
    std::uint32_t vcpu_ = 0;
    unsigned core_ = 0;
    Bytes taken_;
    Vmid arrived_ = nobody;
};

std::string described(const std::string& operation, const DecisionFile::Situation& situation) {
    std::string text = operation;
    for (const auto& [input, value] : situation) text += " " + input + "=" + value;
    return text;
}

/// What a walk through all situations of one operation found.
struct Walk {
    std::uint64_t situations = 0;
    std::set<std::size_t> rows;             // that answered
    std::vector<std::string> disagreements;
};

/// Puts a machine into every situation of the operation, asks it, and compares the answer with that of the row; a refusal changes nothing.
Walk walk(const DecisionFile& file, const YAML::Node& operation, bool encrypt, Way way) {
    const std::string name = operation["name"].Scalar();
    Walk walk;
    file.for_each(operation, [&](const DecisionFile::Situation& situation, std::size_t row) {
        const auto value = [&](const char* input) { return situation.count(input) != 0 ? situation.at(input) : std::string(); };
        // In plain memory contexts lie in the chip region, always.
        if (!encrypt && value("context") == "absent" && value("vcpu") != "beyond" && value("vm") != "none") return;
        const std::string expected = operation["rows"][row]["answer"].Scalar();
        SCOPED_TRACE(described(name, situation));
        ++walk.situations;
        walk.rows.insert(row);
        try {
            Stage stage(encrypt, way, name, situation);
            const std::string before = stage.state();
            const HsvmStatus answer = stage.run();
            const bool silent = name == "create" || name == "attest" || name == "challenge" || name == "read_export";
            const bool changed = stage.state() != before;
            const bool consistent = answer == HsvmStatus::ok ? changed || silent : !changed;
            if (to_string(answer) != expected || !consistent)
                walk.disagreements.push_back(described(name, situation) + ": " + std::string(to_string(answer)) +
                                             (consistent ? "" : ", but the state says otherwise"));
        } catch (const std::logic_error& error) {
            ADD_FAILURE() << error.what();
        }
    });
    return walk;
}

class Decisions : public testing::TestWithParam<std::tuple<bool, Way>> {};

std::string name_of(const testing::TestParamInfo<std::tuple<bool, Way>>& info) {
    return std::get<1>(info.param) == Way::calls ? "called" : "through_registers";
}

INSTANTIATE_TEST_SUITE_P(Hsvm, Decisions, testing::Combine(testing::Values(false), testing::Values(Way::calls, Way::registers)), name_of);
INSTANTIATE_TEST_SUITE_P(Combined, Decisions, testing::Combine(testing::Values(true), testing::Values(Way::calls, Way::registers)), name_of);

TEST_P(Decisions, EverySituationHasTheAnswerOfItsRowAndARefusalChangesNothing) {
    const auto [encrypt, way] = GetParam();
    const DecisionFile file;
    std::uint64_t situations = 0;
    for (const YAML::Node& operation : file.operations()) {
        const Walk found = walk(file, operation, encrypt, way);
        situations += found.situations;
        for (const std::string& disagreement : found.disagreements) ADD_FAILURE() << disagreement;
        for (std::size_t row = 0; row < operation["rows"].size(); ++row)
            EXPECT_TRUE(found.rows.count(row) != 0 || (!encrypt && operation["rows"][row]["answer"].Scalar() == "no_context"))
                << operation["name"].Scalar() << " row " << row;
    }
    RecordProperty("situations", std::to_string(situations));
    EXPECT_GT(situations, 6000u);
}

/// Each row of an operation in turn says something else than what the controller is made with.
TEST_P(Decisions, APlantedWrongRowIsFound) {
    const auto [encrypt, way] = GetParam();
    const DecisionFile file;
    for (const char* const name : {"context_save", "attest", "import_vm", "read_export"}) {
        for (std::size_t row = 0; row < file.operation(name)["rows"].size(); ++row) {
            YAML::Node planted = YAML::Clone(file.operation(name));
            planted["rows"][row]["answer"] = "chip_stopped";
            const bool never_met = !encrypt && file.operation(name)["rows"][row]["answer"].Scalar() == "no_context";
            EXPECT_EQ(walk(file, planted, encrypt, way).disagreements.empty(), never_met) << name << " row " << row;
        }
    }
}

TEST(Decisions, CodesAreThoseOfTheFile) {
    const DecisionFile file;
    for (const YAML::Node& status : file.statuses())
        EXPECT_EQ(to_string(static_cast<HsvmStatus>(status["code"].as<unsigned>())), status["name"].Scalar());
    for (const YAML::Node& operation : file.operations())
        EXPECT_EQ(to_string(static_cast<HsvmOperation>(operation["code"].as<unsigned>())), operation["name"].Scalar());
}

}  // namespace
}  // namespace coffer
