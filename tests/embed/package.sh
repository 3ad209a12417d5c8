# gradc installed: the CMake package with gradc_add_model, pkg-config, gradc --libs and --include.
. "$CHECKS"
build=$(dirname "$GRADC")
cmake --install "$build" --prefix "$PWD/prefix" >log 2>&1 && ok "installs" || { not_ok "installs"; tail log; }
mkdir embed && cp "$ROOT"/examples/embed/* embed
if cmake -S embed -B made -DCMAKE_PREFIX_PATH="$PWD/prefix" >log 2>&1 && cmake --build made -j2 >>log 2>&1; then
    expect_status "a CMake project with two models: C" 0 made/embed
    expect_status "a CMake project with two models: C++" 0 made/embed_cpp
else
    not_ok "a CMake project with two models"
    tail -20 log
fi
cmake --build made >log 2>&1
grep -q 'Compiling' log && { not_ok "nothing is made again"; cat log; } || ok "nothing is made again"
sleep 1
echo "# changed" >>embed/curve.grad
cmake --build made >log 2>&1
grep -q 'Compiling curve to C' log && ! grep -q 'Compiling sides to C' log && ok "a changed model is made again" ||
    { not_ok "a changed model is made again, the other not"; cat log; }

cat >load.c <<'END'
#include "curve.h"
#include "runtime/host/checkpoint.h"
#include <stdio.h>

int main(void) {
    static curve model, again;
    gr_error error;
    curve_init(&model, 1);
    if (gr_save("curve.safetensors", &curve_model, &model, NULL, NULL, 0, &error) &&
        gr_load("curve.safetensors", &curve_model, &again, NULL, false, NULL, &error))
        return memcmp(&model, &again, sizeof model) != 0;
    puts(error.text);
    return 1;
}
END
sed -i 's/#include <stdio.h>/&\n#include <string.h>/' load.c
prefix/bin/gradc embed/curve.grad -q --entries=predict
cc -std=c11 load.c curve.c -o load $(PKG_CONFIG_PATH=$PWD/prefix/lib/pkgconfig:$PWD/prefix/lib64/pkgconfig pkg-config --cflags --libs gradc) &&
    expect_status "by pkg-config" 0 ./load || not_ok "by pkg-config"
cc -std=c11 -I"$(prefix/bin/gradc --include)/../.." load.c curve.c -o load $(prefix/bin/gradc --libs) &&
    expect_status "by --include and --libs" 0 ./load || not_ok "by --libs"
[ -f "$("$GRADC" --include)/gr.h" ] && ok "--include without an installation" || not_ok "--include without an installation"
prefix/bin/gradc run embed/curve.grad --help >/dev/null && ok "the installed gradc runs" || not_ok "the installed gradc runs"
