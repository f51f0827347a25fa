/* Compiled on the host, never here: the test looks at where it goes. */
