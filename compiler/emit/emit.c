/* The pair NAME.h and NAME.c: what stands in them, in order. */
#include "compiler/emit/parts.h"
#include "compiler/kernels/kernels.h"
#include "compiler/ops/build.h"

Emitter *emitter_new(Arena *arena, const Program *program, const EmitOptions *options) {
    Emitter *emitter = ARENA_NEW(arena, Emitter);
    *emitter = (Emitter){.arena = arena, .program = program, .options = options};
    emitter->routines = ARENA_ARRAY(arena, Routine *, program->entries.count);
    emitter->initials = ARENA_ARRAY(arena, Routine *, program->stores.count);
    choose_names(emitter);
    place_fields(emitter);
    return emitter;
}

/* A store's first content as something that is stored, so that kernels write it where it belongs. */
static const Graph *initial_graph(Arena *arena, Store *store) {
    const Graph *init = store->init;
    Graph *graph = graph_new(arena);
    Node **copies = ARENA_ARRAY(arena, Node *, init->nodes.count);
    for (int n = 0; n < init->nodes.count; n++) {
        const Node *node = init->nodes.at[n];
        Node **args = ARENA_ARRAY(arena, Node *, node->arg_count);
        for (int a = 0; a < node->arg_count; a++)
            args[a] = copies[node->args[a]->id];
        if (node->op == OP_result)
            build_update(graph, store, args[0], node->origin);
        else
            copies[n] = copy_node(graph, node, args);
    }
    return graph;
}

void emitter_make_routines(Emitter *emitter) {
    const Program *program = emitter->program;
    const Target *target = emitter->options->target;
    name_initials(emitter);
    for (int e = 0; e < program->entries.count; e++) {
        const Entry *entry = program->entries.at[e];
        emitter->routines[e] = make_routine(emitter->arena, entry->graph, entry, target);
        name_kernels(emitter, emitter->routines[e], entry_name(emitter, entry));
    }
    for (int s = 0; s < program->stores.count; s++) {
        Store *store = program->stores.at[s];
        if (store_starts_at_zero(store) || (has_trained(emitter) && store_in_model(store))) continue;
        emitter->initials[s] = make_routine(emitter->arena, initial_graph(emitter->arena, store), NULL, target);
        name_kernels(emitter, emitter->initials[s], initial_name(emitter, store));
    }
    find_constants(emitter);
}

/* ---- NAME.c ---- */

static void write_top(Writer *writer, const Emitter *emitter) {
    const Target *target = emitter->options->target;
    write_stamp(writer, emitter, "c");
    write_line(
        writer,
        " * First the kernels of every entry, compiled for the target; then what is called from outside, compiled "
        "for any. */");
    write_line(writer, "#include \"%s.h\"", emitter->options->name);
    write_text(writer, "#ifdef _OPENMP\n#include <omp.h>\n#endif\n");
    write_line(writer, "#define GR_REAL          %s", elem_type(emitter, ELEM_REAL, false));
    write_line(writer, "#define GR_KERNEL_TARGET %s", target->macro);
    if (emitter->options->profile) write_line(writer, "#define GR_PROFILE");
    if (emitter->options->single_file)
        write_embedded(writer, "gr_kernel.h", "#include \"gr.h\"\n");
    else
        write_line(writer, "#include \"gr_kernel.h\"");
    write_text(writer, "\n");
}

static void write_kernels(Writer *writer, const Emitter *emitter) {
    const Program *program = emitter->program;
    emit_constants(writer, emitter);
    for (int e = 0; e < program->entries.count; e++) {
        const Entry *entry = program->entries.at[e];
        write_line(writer, "/* ---- entry %s, %s */", comment_safe(emitter->arena, entry->name),
                   place_text(emitter, entry->span));
        write_text(writer, "\n");
        emit_entry_call(writer, emitter, entry);
        write_text(writer, "\n");
        emit_routine(writer, emitter, emitter->routines[e], entry_name(emitter, entry));
        write_text(writer, "\n");
    }
}

static void write_initials(Writer *writer, const Emitter *emitter) {
    if (!has_initials(emitter)) return;
    write_text(writer, "/* ---- first contents of what does not start at zero */\n\n");
    emit_init_call(writer, emitter);
    write_text(writer, "\n");
    for (int s = 0; s < emitter->program->stores.count; s++) {
        if (emitter->initials[s] == NULL) continue;
        emit_initial(writer, emitter, emitter->initials[s], initial_name(emitter, emitter->program->stores.at[s]));
        write_text(writer, "\n");
    }
}

static void write_source(Writer *writer, const Emitter *emitter) {
    const Program *program = emitter->program;
    write_top(writer, emitter);
    write_kernels(writer, emitter);
    write_initials(writer, emitter);
    write_text(writer, "GR_KERNELS_END\n\n/* ---- entries: they check, then run */\n\n");
    emit_check_functions(writer);
    write_text(writer, "\n");
    for (int e = 0; e < program->entries.count; e++) {
        emit_entry(writer, emitter, program->entries.at[e]);
        write_text(writer, "\n");
    }
    emit_init(writer, emitter);
    write_text(writer, "\n/* ---- the model as data */\n\n");
    emit_model_table(writer, emitter);
    if (has_trained(emitter)) emit_trained(writer, emitter);
}

Emission emit_pair(const Emitter *emitter) {
    Writer header, source;
    writer_open(&header, emitter->arena);
    writer_open(&source, emitter->arena);
    emit_header(&header, emitter);
    write_source(&source, emitter);
    return (Emission){writer_text(&header), writer_text(&source)};
}

Emission emit_program(Arena *arena, const Program *program, const EmitOptions *options) {
    Emitter *emitter = emitter_new(arena, program, options);
    emitter_make_routines(emitter);
    return emit_pair(emitter);
}
