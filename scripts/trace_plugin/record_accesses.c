// A QEMU TCG plugin that writes every data access of a user-mode program to a file descriptor, as described in docs/traces.md ("Recordings").
// Options: fd=N (where to write), skip=N (accesses left out at the start), max=N (accesses kept; then the program is ended; 0 = all).

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin_api.h"

struct record {
    uint64_t address;
    uint32_t instructions;
    uint8_t kind;
    uint8_t zero[3];
};
_Static_assert(sizeof(struct record) == 16, "the converter expects records of 16 bytes");

enum { records_per_write = 4096, write_bit = 8, end_kind = 0xff, guest_fds = 512 };

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static int output = -1;
static uint64_t skip, max;
static uint64_t executed;  // counted inline by the translated code, the instruction at work included
static uint64_t executed_at_last_access;
static uint64_t seen, kept;
static struct record buffer[records_per_write];
static size_t buffered;
static bool stopped;

static void write_buffer(void) {
    const char* next = (const char*)buffer;
    size_t left = buffered * sizeof buffer[0];
    while (left > 0) {
        const ssize_t written = write(output, next, left);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            fprintf(stderr, "record_accesses: the recording cannot be written: %s\n", strerror(errno));
            _exit(1);
        }
        next += written;
        left -= (size_t)written;
    }
    buffered = 0;
}

static void append(uint64_t address, uint32_t instructions, uint8_t kind) {
    buffer[buffered++] = (struct record){.address = address, .instructions = instructions, .kind = kind};
    if (buffered == records_per_write) write_buffer();
}

static void finish(void) {
    stopped = true;
    append(kept, 0, end_kind);
    write_buffer();
    close(output);
}

static void on_access(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void* unused) {
    (void)vcpu;
    (void)unused;
    const uint64_t since_last = executed - executed_at_last_access;
    executed_at_last_access = executed;
    if (!stopped && seen++ >= skip) {
        const unsigned kind = qemu_plugin_mem_size_shift(info) | (qemu_plugin_mem_is_store(info) ? write_bit : 0);
        append(address, since_last > UINT32_MAX ? UINT32_MAX : (uint32_t)since_last, (uint8_t)kind);
        if (++kept == max) {
            finish();
            _exit(0);
        }
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
    (void)id;
    const size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
        qemu_plugin_register_vcpu_mem_cb(instruction, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
}

// A trace is what one virtual processor executes; the counter above is one thread's too.
static void on_thread(qemu_plugin_id_t id, unsigned vcpu) {
    (void)id;
    if (vcpu == 0) return;
    fprintf(stderr, "record_accesses: the program starts a second thread (accepted: programs of one thread, such as xz -T1, sort --parallel=1)\n");
    _exit(1);
}

static void on_exit_of_program(qemu_plugin_id_t id, void* unused) {
    (void)id;
    (void)unused;
    if (!stopped) finish();
}

// The recording is the parent's: a child would interleave its own records and write a second end, or hold the pipe open for as long as it lives.
static void stop_in_child(void) {
    stopped = true;
    close(output);
}

static bool read_number(const char* option, const char* name, uint64_t* value) {
    const size_t length = strlen(name);
    if (strncmp(option, name, length) != 0 || option[length] != '=') return false;
    char* end = NULL;
    errno = 0;
    *value = strtoull(option + length + 1, &end, 10);
    return errno == 0 && end != option + length + 1 && *end == '\0';
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
    uint64_t fd = UINT64_MAX;
    for (int i = 0; i < argc; i++) {
        if (!read_number(argv[i], "fd", &fd) && !read_number(argv[i], "skip", &skip) && !read_number(argv[i], "max", &max)) {
            fprintf(stderr, "record_accesses: %s: no such option (accepted: fd=N, skip=N, max=N)\n", argv[i]);
            return -1;
        }
    }
    if (info->system_emulation || fd > INT32_MAX) {
        fprintf(stderr, "record_accesses: needs user mode and fd=N\n");
        return -1;
    }
    // The program shares our descriptors: it must see the same free numbers as without the recording.
    output = fcntl((int)fd, F_DUPFD_CLOEXEC, guest_fds);
    if (output < 0) {
        fprintf(stderr, "record_accesses: fd=%" PRIu64 ": %s\n", fd, strerror(errno));
        return -1;
    }
    close((int)fd);
    pthread_atfork(NULL, NULL, stop_in_child);
    qemu_plugin_register_vcpu_init_cb(id, on_thread);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_program, NULL);
    return 0;
}
