// SPDX-License-Identifier: Apache-2.0
// Reads ELF files by pread, in pages that are kept: a mapping would end us by SIGBUS if the file was truncated. Of a
// file of 100 MB an unwind touches a few pages.
#include "image.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 16384u
#define MAX_FILE_BYTES (16ull << 30) // a larger one is a hole with a name
#define MAX_SEGMENTS 16
#define MAX_HEADERS 64

// .eh_frame_hdr with the encodings that every linker writes: see potter_search_table.
#define TABLE_VERSION 1
#define FRAME_POINTER_4 0x1b // DW_EH_PE_pcrel | DW_EH_PE_sdata4
#define COUNT_4 0x03         // DW_EH_PE_udata4
#define TABLE_4 0x3b         // DW_EH_PE_datarel | DW_EH_PE_sdata4
#define TABLE_HEADER_BYTES 12u

typedef struct segment {
    uint64_t address, size; // in memory, file-relative
    uint64_t offset, bytes; // in the file
} segment;

struct potter_unwind_image {
    int descriptor;
    const uint8_t *memory;
    uint64_t size;
    uint8_t **pages; // by offset / PAGE_BYTES; NULL: not read yet
    segment segments[MAX_SEGMENTS];
    uint32_t segment_count;
    potter_search_table table;
};

static const uint8_t *page_at(potter_unwind_image *image, uint64_t number) {
    if (image->pages[number] != NULL)
        return image->pages[number];
    uint8_t *page = calloc(1, PAGE_BYTES); // what a file lost since it was opened reads as 0
    if (page == NULL)
        return NULL;
    size_t done = 0;
    while (done < PAGE_BYTES) {
        ssize_t got = pread(image->descriptor, page + done, PAGE_BYTES - done, (off_t)(number * PAGE_BYTES + done));
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return image->pages[number] = page;
}

static bool read_file(potter_unwind_image *image, uint64_t offset, void *to, uint64_t size) {
    if (offset > image->size || size > image->size - offset)
        return false;
    if (image->memory != NULL) {
        memcpy(to, image->memory + offset, size);
        return true;
    }
    while (size > 0) {
        const uint8_t *page = page_at(image, offset / PAGE_BYTES);
        uint64_t in_page = offset % PAGE_BYTES;
        uint64_t part = size < PAGE_BYTES - in_page ? size : PAGE_BYTES - in_page;
        if (page == NULL)
            return false;
        memcpy(to, page + in_page, part);
        to = (uint8_t *)to + part;
        offset += part;
        size -= part;
    }
    return true;
}

bool potter_image_word(potter_unwind_image *image, uint64_t address, uint64_t *word) {
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const segment *in = &image->segments[i];
        uint64_t at = address - in->address;
        if (at >= in->size)
            continue;
        *word = 0;
        uint64_t bytes = at < in->bytes ? in->bytes - at : 0;
        return read_file(image, in->offset + at, word, bytes < sizeof(*word) ? bytes : sizeof(*word));
    }
    return false;
}

potter_search_table potter_image_table(const potter_unwind_image *image) { return image->table; }

static void find_table(potter_unwind_image *image, const Elf64_Phdr *header) {
    uint8_t bytes[TABLE_HEADER_BYTES];
    static const uint8_t expected[4] = {TABLE_VERSION, FRAME_POINTER_4, COUNT_4, TABLE_4};
    uint32_t count;
    if (header->p_filesz < sizeof(bytes) || !read_file(image, header->p_offset, bytes, sizeof(bytes)) ||
        memcmp(bytes, expected, sizeof(expected)) != 0)
        return;
    memcpy(&count, bytes + 8, sizeof(count));
    if (count > (header->p_filesz - sizeof(bytes)) / 8)
        return;
    image->table =
        (potter_search_table){.base = header->p_vaddr, .entries = header->p_vaddr + sizeof(bytes), .count = count};
}

static bool read_headers(potter_unwind_image *image) {
    Elf64_Ehdr file;
    if (!read_file(image, 0, &file, sizeof(file)) || memcmp(file.e_ident, ELFMAG, SELFMAG) != 0 ||
        file.e_ident[EI_CLASS] != ELFCLASS64 || file.e_phentsize != sizeof(Elf64_Phdr) || file.e_phnum > MAX_HEADERS)
        return false;
    for (uint32_t i = 0; i < file.e_phnum; i++) {
        Elf64_Phdr header;
        if (!read_file(image, file.e_phoff + i * sizeof(header), &header, sizeof(header)))
            return false;
        if (header.p_type == PT_GNU_EH_FRAME)
            find_table(image, &header);
        if (header.p_type == PT_LOAD && image->segment_count < MAX_SEGMENTS)
            image->segments[image->segment_count++] = (segment){
                .address = header.p_vaddr, .size = header.p_memsz, .offset = header.p_offset, .bytes = header.p_filesz};
    }
    return image->segment_count > 0;
}

potter_unwind_image *potter_unwind_open(int descriptor, const void *memory, uint64_t size) {
    struct stat status;
    if (descriptor >= 0)
        size = fstat(descriptor, &status) == 0 && status.st_size > 0 ? (uint64_t)status.st_size : 0;
    if (size == 0 || size > MAX_FILE_BYTES)
        return NULL;
    potter_unwind_image *image = calloc(1, sizeof(*image));
    if (image == NULL)
        return NULL;
    image->descriptor = descriptor;
    image->memory = descriptor >= 0 ? NULL : memory;
    image->size = size;
    image->pages = calloc(size / PAGE_BYTES + 1, sizeof(*image->pages));
    if (image->pages != NULL && read_headers(image))
        return image;
    potter_unwind_close(image);
    return NULL;
}

void potter_unwind_close(potter_unwind_image *image) {
    for (uint64_t i = 0; image->pages != NULL && i <= image->size / PAGE_BYTES; i++)
        free(image->pages[i]);
    free(image->pages);
    free(image);
}
