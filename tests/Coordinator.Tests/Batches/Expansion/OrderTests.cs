using StableDiffusion.Contracts.Batches;
using static StableDiffusion.Coordinator.Tests.Batches.Expansion.Requests;

namespace StableDiffusion.Coordinator.Tests.Batches.Expansion;

/// <summary>Which images a request with lists and runs stands for, and in which order.</summary>
public sealed class OrderTests
{
    [Fact]
    public void A_zip_goes_row_by_row() => Assert.Equal(
        [("a", "x", 1), ("b", "", 2), ("c", "z", 3)],
        ImagesOf("""{"zip":{"prompt":["a","b","c"],"seed":[1,2,3],"negative_prompt":["x",null,"z"]}}""").Select(image => (image.Prompt, image.NegativePrompt, image.Seed)));

    [Fact]
    public void A_product_is_every_combination_with_the_field_written_first_outermost() => Assert.Equal(
        [(30, 7), (30, 5), (20, 7), (20, 5)],
        ImagesOf("""{"prompt":"a","seed":1,"product":{"steps":[30,20],"cfg_scale":[7,5]}}""").Select(image => (image.Steps, (int)image.CfgScale)));

    [Fact]
    public void Product_zip_prompts_and_seeds_go_from_the_outermost_to_the_innermost() => Assert.Equal(
        [
            (20, 5, "a", 1), (20, 5, "a", 2), (20, 5, "b", 1), (20, 5, "b", 2), (20, 7, "a", 1), (20, 7, "a", 2), (20, 7, "b", 1), (20, 7, "b", 2),
            (30, 5, "a", 1), (30, 5, "a", 2), (30, 5, "b", 1), (30, 5, "b", 2), (30, 7, "a", 1), (30, 7, "a", 2), (30, 7, "b", 1), (30, 7, "b", 2),
        ],
        ImagesOf("""{"prompts":["a","b"],"seeds":[1,2],"zip":{"cfg_scale":[5,7]},"product":{"steps":[20,30]}}""")
            .Select(image => (image.Steps, (int)image.CfgScale, image.Prompt, (int)image.Seed)));

    [Fact]
    public void A_prompt_that_a_product_lists_takes_the_place_it_is_written_at() => Assert.Equal(
        [("a", 20), ("a", 30), ("b", 20), ("b", 30)],
        ImagesOf("""{"seed":1,"product":{"prompt":["a","b"],"steps":[20,30]}}""").Select(image => (image.Prompt, image.Steps)));

    [Fact]
    public void Each_seed_of_a_list_counts_up_as_often_as_n_iter_says() => Assert.Equal(
        [10, 11, 20, 21], ImagesOf("""{"prompt":"a","n_iter":2,"product":{"seed":[10,20]}}""").Select(image => image.Seed));

    [Fact]
    public void A_random_seed_is_drawn_once_for_all_combinations_so_that_they_can_be_compared_and_anew_for_each_in_a_list()
    {
        Assert.Single(ImagesOf("""{"prompt":"a","product":{"steps":[10,20,30]}}""").Select(image => image.Seed).Distinct());
        Assert.Equal(3, ImagesOf("""{"prompt":"a","zip":{"seed":[-1,-1,null]}}""").Select(image => image.Seed).Distinct().Count());
    }

    [Fact]
    public void Runs_follow_each_other_and_take_from_the_request_what_they_do_not_say() => Assert.Equal(
        [("a", 7, 25, 4.0), ("a", 7, 40, 4.0), ("b", 7, 25, 9.0), ("c", 7, 25, 9.0), ("a", 1, 25, 4.0), ("a", 2, 25, 4.0)],
        ImagesOf("""
            {"prompt":"a","seed":7,"steps":25,"cfg_scale":4,
             "runs":[{"product":{"steps":[25,40]}},{"prompts":["b","c"],"cfg_scale":9},{"seeds":[1,2]}]}
            """).Select(image => (image.Prompt, (int)image.Seed, image.Steps, image.CfgScale)));

    [Fact]
    public void A_run_takes_the_requests_lists_but_for_fields_that_its_own_list() => Assert.Equal(
        [("a", 20), ("a", 30), ("b", 20), ("b", 30), ("x", 20), ("x", 30), ("y", 20), ("y", 30)],
        ImagesOf("""{"seed":1,"prompts":["a","b"],"product":{"steps":[20,30]},"runs":[{"zip":{"prompt":["a","b"]}},{"zip":{"prompt":["x","y"]}}]}""")
            .OrderBy(image => image.Prompt).ThenBy(image => image.Steps).Select(image => (image.Prompt, image.Steps)));

    [Fact]
    public void Null_in_a_list_leaves_the_field_out_and_lists_of_lists_will_do()
    {
        var images = ImagesOf("""{"prompt":"a","product":{"vae":[null,"mse"],"loras":[[],[{"name":"ink","weight":0.5}]]}}""");
        Assert.Equal([null, null, "mse", "mse"], images.Select(image => image.Vae?.Name));
        Assert.Equal([0, 1, 0, 1], images.Select(image => image.Loras?.Count ?? 0));
    }

    [Fact]
    public void Clients_in_Csharp_add_lists_by_field() => Assert.Equal(
        [10, 20], Resolve(new BatchRequest { Prompt = "a", Product = new FieldLists().With("steps", 10, 20) }).Batch.Recipes.Select(recipe => recipe.Settings.Steps));

    [Fact]
    public void Images_that_differ_in_prompt_and_seed_alone_share_a_recipe_and_those_of_one_prompt_its_row()
    {
        var (batch, _) = Resolve("""
            {"zip":{"prompt":["a","a","b <lora:ink:1>","c"],"seed":[1,2,3,4],"steps":[20,20,20,30]},"product":{"cfg_scale":[5,7]}}
            """);
        Assert.Equal(6, batch.Recipes.Count); // per guidance: 20 steps, 20 with the LoRA, 30
        Assert.Equal(3, batch.Prompts.Count);
        Assert.Equal([0, 0, 1, 2, 3, 3, 4, 5], batch.Images.Select(image => image.Recipe));
        Assert.Equal([0, 0, 1, 2, 0, 0, 1, 2], batch.Images.Select(image => image.Prompt));
    }

    [Fact]
    public void What_says_nothing_of_some_images_will_do_where_it_says_something_of_others()
    {
        var images = ImagesOf("""{"prompt":"a","hr_scale":1.5,"product":{"enable_hr":[false,true]}}""");
        Assert.Equal([null, 1.5], images.Select(image => image.HighResolution?.HrScale));
        Assert.Equal(["hr_scale"], Resolve("""{"prompt":"a","hr_scale":1.5,"product":{"enable_hr":[false,null]}}""").Errors.Keys);
    }
}
