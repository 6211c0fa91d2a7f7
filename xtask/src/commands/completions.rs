use clap::CommandFactory;
#[derive(Debug, clap::Args)]
pub struct Request { shell: clap_complete::Shell }
pub fn run(r: &Request) -> anyhow::Result<super::Exit> {
    let mut c = crate::Arguments::command().name("xtask").bin_name("xtask").display_name("xtask");
    clap_complete::generate(r.shell, &mut c, "xtask", &mut std::io::stdout());
    Ok(super::Exit::Success) }
