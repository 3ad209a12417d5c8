/* The tuned weights as a part of the program: no file is read. */
#include "clouds.h"
#include <stdio.h>

int main(void) {
    static unsigned char scratch[CLOUDS_PREDICT_SCRATCH(1)];
    static const float corners[6] = {1, 0, -0.5F, 0.86F, -0.49F, -0.87F};
    gr_work work = {.scratch = scratch, .scratch_size = sizeof scratch};
    float scores[9];
    int status = clouds_predict(&clouds_trained, &work, 3, corners, scores);
    if (status != GR_OK) {
        fprintf(stderr, "%s\n", gr_message(status));
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        const float *s = scores + 3 * i;
        int cloud = s[1] > s[0] ? (s[2] > s[1] ? 2 : 1) : s[2] > s[0] ? 2 : 0;
        printf("(%g, %g) is in cloud %d\n", (double)corners[2 * i], (double)corners[2 * i + 1], cloud);
    }
    return 0;
}
