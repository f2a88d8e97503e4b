/* noop: nothing, as fast as can be. */
int main(void)
{
	return 0;
}
