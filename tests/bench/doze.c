/* doze.c - a short task: sleeps 10 ms. */
#include <unistd.h>

int main(void)
{
	usleep(10000);
	return 0;
}
